// What the server tells every page about the hotline: number, name in both languages, time zone, languages.
export const hotline = JSON.parse(document.querySelector('meta[name="hotline"]').content);

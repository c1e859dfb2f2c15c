// What the server tells every page about the hotline: number, name in both languages, time zone, languages, whether there is a public form.
export const hotline = JSON.parse(document.querySelector('meta[name="hotline"]').content);

// The sections of /cases: where, for whom, what they are called. A new section is one more row. The words of a title
// stand in section-words.js; a section's own words come with its module, which is loaded when it is opened.
// A section's id is of letters alone; whatever else stands in the address is a case's id or number.
const ALL = ["operator", "supervisor", "liaison", "admin"];

export const SECTIONS = [
  { id: "list", roles: ALL, title: "case.section.list", load: () => import("./list.js") },
  { id: "consult", roles: ALL, title: "case.section.consult", load: () => import("./consult.js") },
  { id: "messages", roles: ALL, title: "case.section.messages", load: () => import("./messages.js") },
  { id: "scope", roles: ALL, title: "case.section.scope", load: () => import("./scope.js") },
];

/** The list is /cases itself. */
export const addressOf = (section) => (section.id === "list" ? "/cases" : `/cases/${section.id}`);

/** What an address shows: {section} or {id} of one case. */
export function shown(path) {
  const said = decodeURIComponent(path.split("/")[2] ?? "") || "list";
  const section = SECTIONS.find((each) => each.id === said);
  return section ? { section } : { id: said };
}

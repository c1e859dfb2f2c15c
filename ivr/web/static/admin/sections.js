// The sections of /admin: where, for whom, what they are called. A new section is one more row.
const DIALPLANS = ["admin", "dialplan_admin"];

export const SECTIONS = [
  { id: "dialplans", roles: DIALPLANS, title: "admin.dialplans", load: () => import("./dialplans/section.js") },
  { id: "notices", roles: DIALPLANS, title: "admin.notices", load: () => import("./notices/section.js") },
  { id: "prompts", roles: DIALPLANS, title: "admin.prompts", load: () => import("./prompts/section.js") },
  { id: "accounts", roles: ["admin"], title: "admin.accounts", load: () => import("./accounts/section.js") },
  { id: "health", roles: ["admin"], title: "admin.health", load: () => import("./health/section.js") },
  { id: "settings", roles: ["admin"], title: "admin.settings", load: () => import("./settings/section.js") },
  { id: "exchange", roles: ["admin", "auditor"], title: "admin.exchange", load: () => import("./exchange/section.js") },
  { id: "audit", roles: ["auditor"], title: "admin.audit", load: () => import("./audit/section.js") },
];

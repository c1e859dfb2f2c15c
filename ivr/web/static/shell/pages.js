// Every page: where it is, who may open it, what it is called. The order is that of the bar.
export const PAGES = [
  { path: "/desk", roles: ["operator", "liaison"], title: "shell.desk", load: () => import("../desk/page.js") },
  { path: "/room", roles: ["supervisor", "admin"], title: "shell.room", load: () => import("../room/page.js") },
  { path: "/cases", roles: ["operator", "supervisor", "liaison", "admin"], title: "shell.cases", load: () => import("../case/page.js") },
  { path: "/orders", roles: ["department", "operator", "supervisor", "liaison", "admin"], title: "shell.orders", load: () => import("../orders/page.js") },
  {
    path: "/calls",
    roles: ["supervisor", "liaison", "auditor", "admin"],
    title: "shell.calls",
    load: () => import("../calls/page.js"),
  },
  { path: "/board", roles: ["supervisor", "liaison", "admin"], title: "shell.board", load: () => import("../board/page.js") },
  {
    path: "/admin",
    roles: ["dialplan_admin", "auditor", "admin"],
    title: "shell.admin",
    load: () => import("../admin/page.js"),
  },
];
const LOGIN = { path: "/login", roles: [], title: "shell.login", load: () => import("../login/page.js") };

export const pageOf = (path) =>
  [...PAGES, LOGIN].find((page) => path === page.path || path.startsWith(`${page.path}/`)) ?? null;

/** The pages that somebody may open; a supervisor with a number of his own has no desk: his phone lives in the room. */
export const pagesFor = (who) =>
  who && !who.must ? PAGES.filter((page) => page.roles.some((role) => who.roles.includes(role))) : [];

// What the sections of /cases are called.
export default {
  zh: {
    "case.sections": "诉求的各部分",
    "case.section.list": "诉求列表",
  },
  en: {
    "case.sections": "Parts of cases",
    "case.section.list": "Cases",
  },
};

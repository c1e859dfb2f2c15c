// What the sections of /cases are called.
export default {
  zh: {
    "case.sections": "诉求的各部分",
    "case.section.list": "诉求列表",
    "case.section.consult": "会商与规范",
    "case.section.messages": "平台消息",
    "case.section.scope": "受理范围",
  },
  en: {
    "case.sections": "Parts of cases",
    "case.section.list": "Cases",
    "case.section.consult": "Consultations and norms",
    "case.section.messages": "Messages",
    "case.section.scope": "Who accepts what",
  },
};

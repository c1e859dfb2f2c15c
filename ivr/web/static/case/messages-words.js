// Words of /cases/messages.
export default {
  zh: {
    "messages.when": "时间",
    "messages.in": "收到的",
    "messages.out": "发出的",
    "messages.delivery": "送达",
    "messages.none": "没有消息。与其他平台（hotline.toml 的 [exchange.…]）共办诉求后，互告的内容和送达情况列在这里。",
    "messages.no_case": "尚未收到登记",
    "messages.refused": "对方拒收，请告知技术人员。",
    "messages.unreached": "对方未应答（已试 {tries} 次），系统会自动重发，请先电话告知。",
    "messages.early": "前面的消息还没有到，到齐后自动处理。",
  },
  en: {
    "messages.when": "When",
    "messages.in": "Came",
    "messages.out": "Sent",
    "messages.delivery": "Delivery",
    "messages.none": "No message. What this desk and others ([exchange.…] of hotline.toml) tell each other about cases stands here, and whether it arrived.",
    "messages.no_case": "not opened here yet",
    "messages.refused": "The other desk refused it; tell an engineer.",
    "messages.unreached": "No answer after {tries} tries; it is sent again by itself. Tell them by telephone meanwhile.",
    "messages.early": "An earlier message is missing; it is taken once that has come.",
  },
};

// What the phone in the page says of its troubles; `problem` names one of these.
export default {
  zh: {
    "phone.insecure": "浏览器只在 https 或 localhost 下允许使用麦克风，请用 https 打开本页",
    "phone.no_microphone": "无法使用麦克风：请插好耳麦，并在浏览器中允许本页使用麦克风",
    "phone.elsewhere": "话机已在另一个页面打开，本页不再振铃",
    "phone.logged_out": "登录已失效，话机已停用",
    "phone.unreachable": "话机连接中断，正在自动重连；正在进行的通话不受影响",
    "phone.no_media": "语音不通，通话已结束：请检查网络",
  },
  en: {
    "phone.insecure": "Browsers allow the microphone on https or localhost only: open this page by https",
    "phone.no_microphone": "The microphone cannot be used: plug the headset in and allow this page to use it",
    "phone.elsewhere": "The phone was opened in another page; this one rings no more",
    "phone.logged_out": "The login has ended, and the phone with it",
    "phone.unreachable": "The phone lost its connection and is coming back; a running call goes on",
    "phone.no_media": "No voice came through, the call was ended: check the network",
  },
};

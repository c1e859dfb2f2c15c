"""Errors in the reader's language: English as raised, Chinese by the error's id with its details filled in."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.errors import HotlineError
from ivr.pbx.routing import wanted

LANGUAGES = ("zh", "en")

_CHINESE: Mapping[str, str] = {
    # the request
    "unauthorized": "未登录或登录已失效：请到 /login 登录；程序须带 Authorization: Bearer <credentials.toml 的令牌>",
    "bad_phone_key": "此网址不属于任何话机：请使用 credentials.toml 中 [phone_keys] 的令牌",
    "forbidden": "当前身份无权执行此操作",
    "not_found": "没有这个地址：可用的地址见 /api/v1/openapi.json",
    "method_not_allowed": "此地址不支持 {method}，可用：{allowed}",
    "bad_request": "请求无法理解",
    "bad_json": "请求体不是有效的 JSON",
    "unsupported_media_type": "请求体必须是 JSON（Content-Type: application/json）",
    "slow_body": "请求体在 {seconds} 秒内没有传完",
    "body_too_large": "请求体过大，上限 {limit} 字节",
    "invalid_request": "{field}：不符合要求（{expected}），各请求的格式见 openapi.json",
    "idempotency_key_reused": "这个 Idempotency-Key 已用于另一个请求，新的请求请换一个",
    "too_many_streams": "实时连接已满（上限 {most} 个），请关闭一些，或改用 GET /api/v1/live",
    "internal": "系统内部出错，已记入日志（编号 {incident}）",
    # logins and accounts
    "wrong_login": "用户名或密码不正确",
    "code_needed": "密码正确，请再输入动态口令（6 位数字）",
    "wrong_code": "动态口令不正确或已用过，请等下一个口令",
    "locked": "密码错误次数过多，请 {minutes} 分钟后再试，或联系管理员解锁",
    "starting": "系统刚刚重启，请稍候一秒再试",
    "csrf": "请求未带本次登录的 {header}，请刷新页面后重试",
    "must_password": "请先设置自己的密码",
    "must_totp": "请先设置动态口令",
    "wrong_password": "原密码不正确",
    "weak_password": "密码须为 {shortest} 至 {longest} 个字符，含 {different} 种以上字符，不含用户名，且不同于原密码",
    "totp_exists": "已设置动态口令，须由管理员重置后才能重新设置",
    "totp_not_begun": "请先获取动态口令的密钥",
    "wrong_totp": "动态口令不正确，请检查手机时间是否自动校准",
    "unknown_account": "没有账号 {user}",
    "user_exists": "账号 {user} 已存在，请换一个用户名",
    "bad_roles": "请至少选择一个角色：{known}",
    "roles_exclude": "审计员不得兼任可修改系统的角色，只能与联络员兼任",
    "own_account": "不能修改自己的角色，不能重置自己的密码或动态口令，也不能停用或删除自己，请由另一位管理员操作",
    "last_admin": "这是最后一位可登录的管理员，请先设置另一位",
    "still_operator": "{user} 仍是 hotline.toml 中的坐席：请停用账号，或先在该文件中删除",
    "number_taken": "{number} 已是 {user} 的电话号码",
    "not_your_skill": "您的技能是 {own}；其他技能请由班长分配",
    "notice_incomplete": "请写明通知的播放位置（place）和结束时间（until）",
    "call_erased": "通话 {call} 的个人信息已按规定删除，不能再记录",
    "not_yours": "{what} 不属于您：只能操作自己、自己的话机和自己的通话",
    # cases
    "case_unopened": "该诉求尚未建立",
    "case_open_already": "该诉求已经建立",
    "case_closed": "该诉求已办结，新的事项请另建诉求",
    "case_merged": "该诉求已并入另一诉求，请到那里继续办理",
    "case_consulting": "已两次退回，须先会商：记录会商纪要并确定受理平台后再继续",
    "case_not_offered": "该诉求没有转给本平台，或本平台已经答复",
    "case_not_yours": "该诉求由另一平台受理",
    "case_not_accepted": "本平台没有从其他平台接收过该诉求",
    "case_to_yourself": "请选择另一平台，不能转给自己",
    "case_ping_pong": "该诉求已往返一次，再次转办须先三方通话",
    "case_nobody_to_ask": "没有其他平台参与，请先转办或接入三方通话",
    "case_decided": "受理平台已经确定",
    "case_not_first": "协商不成时，由首接平台先行受理",
    "case_not_handled": "所有受理平台填写办理结果后才能办结",
    "case_no_guidance": "不属于受理范围的事项，须先告知依据，才能办结",
    "unknown_case": "没有诉求 {case}",
    "case_changed": "{by} 刚刚改动了这些内容：请核对后再保存",
    "no_classes": "诉求分类无法读取，请管理员检查 [desk] classes：{why}",
    "case_one_other": "请指明另一个诉求（只能一个）",
    # work orders
    "case_orders_open": "本平台还有工单未办结，请先办结或撤回工单",
    "order_known": "该工单已经派发",
    "order_unknown": "本平台在这件诉求中没有派发过该工单",
    "order_not_open": "该工单已办结或已退回",
    "order_signed_already": "该工单已经签收",
    "order_other_department": "该工单属于其他单位",
    "order_lead_only": "只有主办单位可以这样做；协办单位只反馈或退回自己承办的部分",
    "order_no_extension": "该工单没有待审批的延期申请",
    "order_not_done": "只有已办结或已退回的工单可以重新办理",
    "order_not_later": "新的时限须晚于现在的时限",
    # calls and orders
    "unknown_call": "没有正在进行的通话 {call}",
    "unknown_target": "没有这个转接目标：{target}",
    "unknown_operator": "没有这个坐席：{operator}",
    "no_call": "您当前没有通话",
    "bad_mode": "{target} 不支持 {mode} 方式",
    "no_transfer": "当前没有正在进行的转接",
    "not_in_call": "坐席 {operator} 不在通话 {call} 中，只有正与来电人通话的坐席才能转接",
    "no_operator": "通话 {call} 目前没有坐席，请等坐席接听后再操作",
    "unknown_action": "没有这个操作：{action}",
    # supervision
    "no_supervisor_phone": "班长席 {supervisor} 没有话机：请在 hotline.toml 的 [[supervisors]] 中登记该号码",
    "supervisor_phone_off": "班长席 {supervisor} 的话机没有注册，请先打开话机（浏览器中请接通耳机）",
    "supervising": "班长席 {supervisor} 的话机正忙，请先结束当前监听",
    "not_supervising": "班长席 {supervisor} 不在通话 {call} 中",
    "unknown_skill": "没有技能 {skill}，可用：{known}",
    "no_skill": "坐席 {operator} 至少要有一项技能；如需暂停接话，请示忙",
    "ambiguous_call": "有多个通话的编号以此开头，请写全编号",
    # the desk
    "phone_not_ready": "话务系统尚未就绪，网页话机会自动重连",
    "desk_phone": '您的话机是桌面话机；在 [[operators]] 中设 transport = "wss" 可改用浏览器',
    "no_sip": "此地址只用于 WebSocket 上的 SIP，请声明子协议 sip",
    "no_desk": "此账号没有坐席号码，请管理员在“账号”中设置",
    "phone_does_not_obey": "话机在 {seconds} 秒内没有响应，请在话机上操作",
    "unknown_reason": "没有示忙原因 {reason}，可选：{known}",
    "unknown_leg": "这一方已不在通话中",
    "caller_stays": "不能请来电人退出通话；如需结束，请挂断自己的电话",
    # the call log
    "call_running": "通话还在进行，结束后才能听录音",
    "recording_missing": "录音文件不在或无法读取，请检查磁盘和备份",
    "recording_erased": "录音已按保存期限清除",
    "not_recorded": "这通电话没有录音",
    "bad_ticket": "收听许可不适用于这通电话，或已满一小时，请重新申请收听",
    "bad_range": "请求的范围超出录音长度（{size} 字节）",
    "export_too_large": "符合条件的通话超过 {limit} 条，请缩短时间范围或增加条件",
    "exports_busy": "已有 {most} 个导出正在进行，请稍后再试",
    "unknown_export": "没有这个导出：导出的文件只保留一小时",
    "export_not_ready": "文件还没有写完",
    "export_failed": "文件没有写成，详见日志",
    # screening
    "bad_number": "{number} 不是电话号码，应如 13800138000",
    "nobody_named": "请写明决定人姓名（不超过 64 个字）",
    "no_reason": "请写明原因（一行，不超过 500 个字）",
    "bad_block_end": "限制必须有期限：晚于现在，且不超过 {hours} 小时（[screening] block_hours）",
    "already_blocked": "{number} 已由 {by} 限制至 {until}，请先解除",
    "not_blocked": "{number} 当前没有生效的限制",
    "not_in_review": "{number} 不在待复核之列",
    # prompts
    "unknown_prompt": "没有提示音 {prompt}（{language}），可用 GET /api/v1/prompts 查看",
    "prompt_not_made": "提示音 {prompt}（{language}）尚未生成，请运行 ivr prompts make",
    "advertising_refused": "不允许 {category} 类别：政务热线不得向来电人播放商业广告（规则 {rule}）",
    "unknown_category": "没有类别 {category}，可用：{known}",
    "no_category": "{prompt} 是新提示音，请写明类别：{known}",
    "bad_prompt_name": "提示音名称只能用小写字母、数字和连字符，最长 64 个字符，如 site-flood",
    "bad_prompt_text": "{prompt} 的文字须为一行，1 到 {limit} 个字符",
    "bad_placeholder": "文字中的 {given} 无法填入，可用：{known}",
    "unknown_language": "本站点没有语言 {given}，可用：{known}",
    "greeting_too_long": "时长 {seconds} 秒：问候语不得超过 {limit} 秒（规则 R4），请缩短",
    "no_recording": "{prompt}（{language}）没有录音",
    "still_played": "{prompt}（{language}）没有文字，而 {where} 正在播放它：请先写文字",
    "no_sound": "不是可读取的声音文件，可用格式：{kinds}",
    "silent_sound": "听不到声音，请重新录制",
    "no_such_sound": "没有这个文件：{file}",
    "sound_too_large": "文件过大，上限 {limit} 字节",
    "sound_too_long": "声音过长，上限 {limit} 秒",
    "sound_too_slow": "{limit} 秒内未能读完此文件",
    "no_ffmpeg": "没有可用的 ffmpeg，请重新安装 imageio-ffmpeg",
    "site_read_only": "{folder} 不可写：请让运行本系统的用户能写入该目录（见 docs/operations.zh.md）",
    "slow_upload": "文件在 {seconds} 秒内没有传完",
    "edit_by_hand": "{file} 中的这一项只能手工修改",
    "no_voice": "语音合成不会说这种语言，请改用录音",
    "no_speech": "语音合成不可用，请运行 ivr doctor 检查",
    "prompts": "提示音文件有误：{file}",
    # notices
    "notices": "{file} 无法读取：请移走该文件后重新发布通知",
    "notice_too_long": "通知长 {seconds} 秒，最多 {limit} 秒：请写短一些",
    "no_notice": "没有这条通知（{notice}），或它已结束",
    "no_notice_words": "请写通知内容，至少一种语言",
    "bad_notice_end": "结束时间须晚于开始时间和现在，且不超过 {days} 天",
    # dialplans
    "no_such_file": "草稿中没有文件 {file}",
    "bad_file_name": "{file} 不能作文件名：只用字母、数字、- 和 _，以 .conf 结尾",
    "changed_meanwhile": "{file} 已被他人修改：请重新读取后再保存",
    "file_too_large": "{file} 过大",
    "no_such_version": "没有版本 {version}",
    "nothing_new": "草稿与生效中的版本完全相同，无需发布",
    "nothing_before": "没有更早的版本可以恢复",
    "publishing": "正在发布，请稍后再试",
    "not_submitted": "草稿在提交之后又有修改：请作者重新提交",
    "same_person": "草稿由 {author} 编写，须由另一人发布",
    "dialplan_faulty": "检查发现错误，未发布；任何通话都没有受影响",
    "stories_failed": "剧情测试未通过，未发布；任何通话都没有受影响",
    "rolled_back": "版本 {version} 没有生效，版本 {back_to} 已恢复：{why}",
    "not_in_force": "交换系统中的拨号方案与发布的不一致，详见日志",
    "version_unlike": "交换系统运行版本 {running}，应为版本 {wanted}",
    # settings
    "settings_changed": "{file} 刚刚被他人修改，请与新内容合并后再保存",
    "settings_refused": "设置有误，没有保存：请按各项旁的提示改正",
    "settings_unreadable": "{file} 无法读取：{why}",
    "bad_setting": "{key}：无法修改",
    "needs_restart": "{waiting} 须重新启动才能生效，因此这些设置也须重新启动：{why}",
    "target_in_use": "拨号方案仍把来电转到要删除的目标：{targets}；请先修改并发布拨号方案",
    "not_applied": "交换系统没有接受这些设置，原设置已恢复：{why}",
    # what desks tell each other
    "webhook_signature": "消息签名未通过（{why}）：请核对双方密钥和时钟",
    "exchange_signature": "消息签名未通过（{why}）：请核对双方密钥和时钟",
    "exchange_replayed": "此签名已收到过，请重新签名后再发",
    "exchange_not_yet": "诉求 {case}：{desk} 在此尚未参与，或其提前到达的消息过多，暂未接收，请稍后重发",
    "exchange_altered": "{what} {name} 与已收到的内容不同，疑被篡改，未接收",
    "exchange_message": "{field}：不符合要求（{expected}），格式见 /exchange/v1/schema.json",
    "unknown_message": "没有待发送的消息 {message}，可用 ivr exchange trace 查看",
    # the house
    "pbx_unreachable": "电话交换系统未连接，请稍后再试；可用 ivr doctor 检查",
    "pbx_lost": "与电话交换系统的连接中断，操作可能已执行，请先查看通话状态",
    "pbx_silent": "电话交换系统未在 {seconds} 秒内应答，操作可能已执行，请先查看通话状态",
    "pbx_refused": "电话交换系统拒绝执行：{said}",
    "bad_value": "参数中含有不允许的字符",
    "database_unavailable": "数据库没有应答，请稍后再试",
    # health
    "database_down": "数据库写入失败，详见日志",
    "check_failed": "{check} 无法检查",
    "ami_down": "与电话交换系统的管理连接（AMI）未就绪：{state}",
    "live_stale": "实时状态尚未同步",
    "journal_stopped": "话单写入任务没有运行",
    "journal_behind": "话单写入落后 {seconds} 秒，上限 {limit} 秒",
    "calls_refused": "数据库拒绝了 {count} 个通话的记录，详见日志",
    "cel_off": "电话交换系统没有写话单（CEL）：{said}",
    "disk_full": "{path} 所在磁盘仅剩 {free} 字节",
    "draining": "系统正在停止接入，新来电不受理；ivr drain --cancel 可恢复",
    "task_stopped": "后台任务 {task} 没有运行",
}


class _Details(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


def chosen(accept_language: str, default: str) -> str:
    """The reader's language by an Accept-Language header (RFC 9110 12.5.4)."""
    wishes = (wish for wish in wanted(accept_language) if wish in LANGUAGES)
    return next(wishes, default if default in LANGUAGES else "en")


def said(error: HotlineError, language: str) -> str:
    if language == "zh" and error.id in _CHINESE:
        return _CHINESE[error.id].format_map(_Details(error.details))
    return error.message

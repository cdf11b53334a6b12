// Generated from the contract by `sdk-gen typescript`; changes are lost.

/** The permission codes, each with the methods that it opens. */
export const Permission = {
  /** 客服状态 */
  AGENT_READ: 'agent:read',
  /** 切换状态 */
  AGENT_SERVE: 'agent:serve',
  /** 归档审核通过、归档审核拒绝 */
  ARCHIVE_RECORD_REVIEW: 'archive-record:review',
  /** 归档记录详情、客户详情、归档记录列表、服务记录、客户列表、机构列表、待归档列表 */
  CUSTOMER_READ: 'customer:read',
  /** 档案归档、创建客户、删除客户、恢复客户、更新客户 */
  CUSTOMER_WRITE: 'customer:write',
  /** 数据字典、字典项 */
  DICTIONARY_READ: 'dictionary:read',
  /** 下载文件、文件信息 */
  FILE_READ: 'file:read',
  /** 上传文件 */
  FILE_WRITE: 'file:write',
  /** 注册链接列表 */
  LINK_READ: 'link:read',
  /** 快捷注册、恢复链接、作废链接 */
  LINK_WRITE: 'link:write',
  /** 操作日志 */
  OPERATION_LOG_READ: 'operation-log:read',
  /** 快捷回复 */
  QUICK_REPLY_READ: 'quick-reply:read',
  /** 创建回复、删除回复、恢复快捷回复、更新回复 */
  QUICK_REPLY_WRITE: 'quick-reply:write',
  /** 角色详情、权限列表、角色列表 */
  ROLE_READ: 'role:read',
  /** 创建角色、删除角色、恢复角色、角色授权、更新角色 */
  ROLE_WRITE: 'role:write',
  /** 发送记录 */
  SENT_MESSAGE_READ: 'sent-message:read',
  /** 可分配客服、分配会话、批量分配会话、待分配列表、紧急插队、重新分配、接管会话 */
  SESSION_ASSIGN: 'session:assign',
  /** 关闭会话 */
  SESSION_CLOSE: 'session:close',
  /** 创建会话 */
  SESSION_CREATE: 'session:create',
  /** 留言 */
  SESSION_LEAVE_MESSAGE: 'session:leave-message',
  /** 添加备注、内部备注列表 */
  SESSION_NOTE: 'session:note',
  /** 服务评价 */
  SESSION_RATE: 'session:rate',
  /** 会话详情、历史消息、会话列表、查看会话 */
  SESSION_READ: 'session:read',
  /** 分配记录 */
  SESSION_READ_ASSIGNMENT: 'session:read-assignment',
  /** 消息回执、标为未读、撤回消息、发送消息、正在输入、取消未读标记 */
  SESSION_SEND: 'session:send',
  /** 可分配客服、接受转接、拒绝转接、会话转接 */
  SESSION_TRANSFER: 'session:transfer',
  /** 分配策略、系统设置 */
  SETTINGS_READ: 'settings:read',
  /** 更新策略、更新设置 */
  SETTINGS_WRITE: 'settings:write',
  /** 实时会话 */
  STATS_READ: 'stats:read',
  /** 团队详情、团队成员、团队列表 */
  TEAM_READ: 'team:read',
  /** 添加成员、创建团队、删除团队、移除成员、恢复团队、更新团队 */
  TEAM_WRITE: 'team:write',
  /** 用户详情、用户列表 */
  USER_READ: 'user:read',
  /** 创建用户、删除用户、恢复用户、解锁用户、更新用户 */
  USER_WRITE: 'user:write',
} as const

/** A permission code. */
export type Permission = (typeof Permission)[keyof typeof Permission]

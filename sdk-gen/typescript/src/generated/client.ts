// Generated from the contract by `sdk-gen typescript`; changes are lost.
import type { CallOptions, UploadOptions } from '../options.js'
import type * as t from './types.js'

/** Every REST operation of Kefu as a method. How a call travels is the business of the class that extends it. */
export abstract class Operations {
  /** Makes a call; `open` ones need no login. */
  protected abstract call<T>(
    verb: string,
    path: string,
    request: object,
    options?: CallOptions,
    open?: boolean,
  ): Promise<T>
  /** Sends a file as a form. */
  protected abstract upload<T>(path: string, request: { file: Blob }, options?: UploadOptions): Promise<T>
  /** Fetches content. */
  protected abstract download(path: string, request: object, options?: CallOptions): Promise<Blob>

  /** 归档审核通过. The customer is formal from now on. Permission archive-record:review. Errors: NOT_FOUND, ARCHIVE_STATE. */
  approveArchive(request: t.ApproveArchiveRequest, options?: CallOptions): Promise<t.ArchiveRecord> {
    return this.call('POST', '/api/v1/archive-records/{id}/approve', request, options)
  }

  /**
   * 档案归档. Archives a temporary customer, whose record has been completed by then: at least name, phone and
   * institution. Where the settings ask for a review, a supervisor decides; otherwise the customer is formal at once.
   * Permission customer:write. Errors: NOT_FOUND, INVALID_ARGUMENT (what is missing), ARCHIVE_STATE.
   */
  archiveCustomer(request: t.ArchiveCustomerRequest, options?: CallOptions): Promise<t.ArchiveRecord> {
    return this.call('POST', '/api/v1/customers/{id}/archive', request, options)
  }

  /** 创建客户. Creates a formal customer. Permission customer:write. Errors: ALREADY_EXISTS. */
  createCustomer(request: t.CreateCustomerRequest, options?: CallOptions): Promise<t.Customer> {
    return this.call('POST', '/api/v1/customers', request, options)
  }

  /** 快捷注册. Makes one or many registration links for a team. Permission link:write. Errors: NOT_FOUND (team). */
  createRegisterLinks(request: t.CreateRegisterLinksRequest, options?: CallOptions): Promise<t.CreateRegisterLinksResponse> {
    return this.call('POST', '/api/v1/customers/quick-register', request, options)
  }

  /**
   * 删除客户. Deletes a customer without open sessions; login sessions end. Permission customer:write. Errors: NOT_FOUND,
   * IN_USE.
   */
  deleteCustomer(request: t.DeleteCustomerRequest, options?: CallOptions): Promise<void> {
    return this.call('DELETE', '/api/v1/customers/{id}', request, options)
  }

  /** 归档记录详情. One record. Permission customer:read. Errors: NOT_FOUND. */
  getArchiveRecord(request: t.GetArchiveRecordRequest, options?: CallOptions): Promise<t.ArchiveRecord> {
    return this.call('GET', '/api/v1/archive-records/{id}', request, options)
  }

  /** 客户详情. One customer. Permission customer:read. Errors: NOT_FOUND. */
  getCustomer(request: t.GetCustomerRequest, options?: CallOptions): Promise<t.Customer> {
    return this.call('GET', '/api/v1/customers/{id}', request, options)
  }

  /** 归档记录列表. What was archived, by whom, and what became of it, newest first. Permission customer:read. */
  listArchiveRecords(request: t.ListArchiveRecordsRequest = {}, options?: CallOptions): Promise<t.ListArchiveRecordsResponse> {
    return this.call('GET', '/api/v1/archive-records', request, options)
  }

  /** 服务记录. The customer's sessions, newest first. Permission customer:read. Errors: NOT_FOUND. */
  listCustomerServices(request: t.ListCustomerServicesRequest, options?: CallOptions): Promise<t.ListSessionsResponse> {
    return this.call('GET', '/api/v1/customers/{id}/services', request, options)
  }

  /** 客户列表. Lists customers. Permission customer:read. */
  listCustomers(request: t.ListCustomersRequest = {}, options?: CallOptions): Promise<t.ListCustomersResponse> {
    return this.call('GET', '/api/v1/customers', request, options)
  }

  /**
   * 机构列表. The institutions of formal customers, by name: to find the one a customer belongs to before archiving.
   * Permission customer:read.
   */
  listInstitutions(request: t.ListInstitutionsRequest = {}, options?: CallOptions): Promise<t.ListInstitutionsResponse> {
    return this.call('GET', '/api/v1/institutions', request, options)
  }

  /** 待归档列表. Temporary customers whose service has ended, longest waiting first. Permission customer:read. */
  listPendingArchive(request: t.ListPendingArchiveRequest = {}, options?: CallOptions): Promise<t.ListCustomersResponse> {
    return this.call('GET', '/api/v1/customers/pending-archive', request, options)
  }

  /** 注册链接列表. The links that were made; their tokens are never shown again. Permission link:read. */
  listRegisterLinks(request: t.ListRegisterLinksRequest = {}, options?: CallOptions): Promise<t.ListRegisterLinksResponse> {
    return this.call('GET', '/api/v1/register-links', request, options)
  }

  /**
   * 提交注册. Registers the customer with the link, the phone and the code, and puts them into the team's queue. A refusal
   * that passes, as QUEUE_FULL, leaves the code good for another try. A customer known by the phone keeps the archive
   * record and the history; an open session is continued. Files are uploaded to the new session afterwards. Errors:
   * LINK_INVALID, LINK_EXPIRED, CODE_INVALID, QUEUE_FULL.
   */
  register(request: t.RegisterRequest, options?: CallOptions): Promise<t.RegisterResponse> {
    return this.call('POST', '/api/v1/customers/register', request, options, true)
  }

  /**
   * 归档审核拒绝. The customer goes back to the archive list, to be completed. Permission archive-record:review. Errors:
   * NOT_FOUND, ARCHIVE_STATE.
   */
  rejectArchive(request: t.RejectArchiveRequest, options?: CallOptions): Promise<t.ArchiveRecord> {
    return this.call('POST', '/api/v1/archive-records/{id}/reject', request, options)
  }

  /** 恢复客户. Takes back a deletion; the logins are over. Permission customer:write. Errors: NOT_FOUND, ALREADY_EXISTS. */
  restoreCustomer(request: t.RestoreCustomerRequest, options?: CallOptions): Promise<t.Customer> {
    return this.call('POST', '/api/v1/customers/{id}/restore', request, options)
  }

  /** 恢复链接. Takes back a revocation: the address works again. Permission link:write. Errors: NOT_FOUND. */
  restoreRegisterLink(request: t.RestoreRegisterLinkRequest, options?: CallOptions): Promise<t.RegisterLink> {
    return this.call('POST', '/api/v1/register-links/{id}/restore', request, options)
  }

  /** 作废链接. Revokes a link at once. Permission link:write. Errors: NOT_FOUND. */
  revokeRegisterLink(request: t.RevokeRegisterLinkRequest, options?: CallOptions): Promise<void> {
    return this.call('DELETE', '/api/v1/register-links/{id}', request, options)
  }

  /**
   * 机构联想. Names of institutions for the form, at most 8; none where the settings switch it off. Errors: LINK_INVALID,
   * LINK_EXPIRED, TOO_MANY_REQUESTS.
   */
  suggestInstitutions(request: t.SuggestInstitutionsRequest, options?: CallOptions): Promise<t.SuggestInstitutionsResponse> {
    return this.call('GET', '/api/v1/customers/institutions', request, options, true)
  }

  /**
   * 更新客户. PUT replaces, PATCH sets the fields present; a temporary customer's data can be completed this way (PRD
   * 2.2.3). Permission customer:write. Errors: NOT_FOUND, ALREADY_EXISTS.
   */
  updateCustomer(request: t.UpdateCustomerRequest, options?: CallOptions): Promise<t.Customer> {
    return this.call('PUT', '/api/v1/customers/{id}', request, options)
  }

  /**
   * 更新客户. PUT replaces, PATCH sets the fields present; a temporary customer's data can be completed this way (PRD
   * 2.2.3). Permission customer:write. Errors: NOT_FOUND, ALREADY_EXISTS.
   */
  updateCustomerPatch(request: Partial<t.UpdateCustomerRequest> & Pick<t.UpdateCustomerRequest, 'id'>, options?: CallOptions): Promise<t.Customer> {
    return this.call('PATCH', '/api/v1/customers/{id}', request, options)
  }

  /** 验证链接. What the form shows before the customer fills it in. Errors: LINK_INVALID, LINK_EXPIRED. */
  verifyRegisterLink(request: t.VerifyRegisterLinkRequest, options?: CallOptions): Promise<t.VerifyRegisterLinkResponse> {
    return this.call('GET', '/api/v1/customers/verify-link', request, options, true)
  }

  /**
   * 下载文件. The content; REST understands `Range`. Permission file:read. Errors: NOT_FOUND, FILE_NOT_CLEAN,
   * RANGE_INVALID.
   */
  downloadFile(request: t.DownloadFileRequest, options?: CallOptions): Promise<Blob> {
    return this.download('/api/v1/files/{id}/content', request, options)
  }

  /** 文件信息. One file's data. Permission file:read. Errors: NOT_FOUND. */
  getFile(request: t.GetFileRequest, options?: CallOptions): Promise<t.File_> {
    return this.call('GET', '/api/v1/files/{id}', request, options)
  }

  /**
   * 上传文件. Uploads a file for a session, or for the caller's own use. The type is decided by the content; what is not
   * on the allow-list is refused. Permission file:write. Errors: FILE_TYPE, TOO_LARGE, NOT_FOUND (session).
   */
  uploadFile(request: Partial<t.UploadFileRequestMeta> & { file: Blob }, options?: UploadOptions): Promise<t.File_> {
    return this.upload('/api/v1/files', request, options)
  }

  /** 通知列表. The caller's notifications, newest first. */
  listNotifications(request: t.ListNotificationsRequest = {}, options?: CallOptions): Promise<t.ListNotificationsResponse> {
    return this.call('GET', '/api/v1/notifications', request, options)
  }

  /**
   * 发送记录. What was sent by SMS and other channels; without a provider it stands only here. Permission
   * sent-message:read.
   */
  listSentMessages(request: t.ListSentMessagesRequest = {}, options?: CallOptions): Promise<t.ListSentMessagesResponse> {
    return this.call('GET', '/api/v1/sent-messages', request, options)
  }

  /** 标记已读. Marks notifications as read, up to and with an id, or all. */
  markNotificationsRead(request: t.MarkNotificationsReadRequest = {}, options?: CallOptions): Promise<void> {
    return this.call('POST', '/api/v1/notifications/read', request, options)
  }

  /**
   * 长轮询. Waits up to 25 seconds for what a socket would get; `since` is the cursor of the last answer. The first call,
   * without a cursor, answers at once with where things stand.
   */
  pollEvents(request: t.PollEventsRequest = {}, options?: CallOptions): Promise<t.PollEventsResponse> {
    return this.call('GET', '/api/v1/events', request, options)
  }

  /** 我的状态. The caller's own state and load. */
  getMyAgent(request: t.GetMyAgentRequest = {}, options?: CallOptions): Promise<t.Agent> {
    return this.call('GET', '/api/v1/agents/me', request, options)
  }

  /** 客服状态. The agents with state, load and today's count (PRD 2.4.3.2). Permission agent:read. */
  listAgents(request: t.ListAgentsRequest = {}, options?: CallOptions): Promise<t.ListAgentsResponse> {
    return this.call('GET', '/api/v1/agents', request, options)
  }

  /**
   * 可分配客服. The members of a team, the best choice for a session first, each with why it can be given to that one or
   * not: what assigning or transferring it would answer. Permission session:transfer or session:assign. Errors:
   * NOT_FOUND.
   */
  listCandidates(request: t.ListCandidatesRequest, options?: CallOptions): Promise<t.ListCandidatesResponse> {
    return this.call('GET', '/api/v1/sessions/{id}/candidates', request, options)
  }

  /**
   * 切换状态. Sets the caller's state. Going online counts as presence until the grace time has passed; a socket or a long
   * poll keeps it up. Permission agent:serve.
   */
  setMyAgentStatus(request: t.SetMyAgentStatusRequest, options?: CallOptions): Promise<t.Agent> {
    return this.call('PUT', '/api/v1/agents/me/status', request, options)
  }

  /**
   * 接受转接. The agent asked takes the session. Permission session:transfer. Errors: NOT_FOUND, SESSION_STATE,
   * AGENT_UNAVAILABLE, AGENT_FULL.
   */
  acceptTransfer(request: t.AcceptTransferRequest, options?: CallOptions): Promise<t.Session> {
    return this.call('POST', '/api/v1/sessions/{id}/transfer/accept', request, options)
  }

  /**
   * 消息回执. Says that the caller's side has got, or has read, all messages up to a sequence. A smaller sequence than
   * before changes nothing. Permission session:send. Errors: NOT_FOUND.
   */
  ackMessages(request: t.AckMessagesRequest, options?: CallOptions): Promise<void> {
    return this.call('POST', '/api/v1/sessions/{id}/ack', request, options)
  }

  /**
   * 分配会话. Gives a waiting session to an agent. Permission session:assign. Errors: NOT_FOUND, SESSION_STATE,
   * AGENT_UNAVAILABLE, AGENT_FULL.
   */
  assignSession(request: t.AssignSessionRequest, options?: CallOptions): Promise<t.Session> {
    return this.call('POST', '/api/v1/sessions/{id}/assign', request, options)
  }

  /**
   * 批量分配会话. Gives several waiting sessions to one agent; the answer says for each whether it worked. Permission
   * session:assign. Errors: NOT_FOUND (agent).
   */
  batchAssignSessions(request: t.BatchAssignSessionsRequest, options?: CallOptions): Promise<t.BatchAssignSessionsResponse> {
    return this.call('POST', '/api/v1/sessions/batch-assign', request, options)
  }

  /**
   * 关闭会话. The agent, a supervisor, or the customer ends it; a waiting one leaves the queue. Closing a closed session
   * changes nothing. Permission session:close. Errors: NOT_FOUND.
   */
  closeSession(request: t.CloseSessionRequest, options?: CallOptions): Promise<t.Session> {
    return this.call('PUT', '/api/v1/sessions/{id}/close', request, options)
  }

  /**
   * 添加备注. Writes a private note. The same `clientNoteId` again gives the stored note. Permission session:note. Errors:
   * NOT_FOUND.
   */
  createNote(request: t.CreateNoteRequest, options?: CallOptions): Promise<t.Note> {
    return this.call('POST', '/api/v1/sessions/{id}/notes', request, options)
  }

  /**
   * 创建会话. A customer asks again: a new session in the queue of a team, or the open one continued. Staff create one for
   * a customer. Permission session:create. Errors: NOT_FOUND (team, customer), QUEUE_FULL.
   */
  createSession(request: t.CreateSessionRequest = {}, options?: CallOptions): Promise<t.Session> {
    return this.call('POST', '/api/v1/sessions', request, options)
  }

  /**
   * 拒绝转接. The agent asked declines, or the one who asked withdraws. Permission session:transfer. Errors: NOT_FOUND,
   * SESSION_STATE.
   */
  declineTransfer(request: t.DeclineTransferRequest, options?: CallOptions): Promise<t.Session> {
    return this.call('POST', '/api/v1/sessions/{id}/transfer/decline', request, options)
  }

  /** 会话详情. One session; while it waits, with its place in the queue. Permission session:read. Errors: NOT_FOUND. */
  getSession(request: t.GetSessionRequest, options?: CallOptions): Promise<t.Session> {
    return this.call('GET', '/api/v1/sessions/{id}', request, options)
  }

  /**
   * 留言. The customer leaves a message instead of waiting: the session leaves the queue and waits for staff. Permission
   * session:leave-message. Errors: NOT_FOUND, SESSION_STATE.
   */
  leaveMessage(request: t.LeaveMessageRequest, options?: CallOptions): Promise<t.Session> {
    return this.call('POST', '/api/v1/sessions/{id}/leave-message', request, options)
  }

  /**
   * 分配记录. Every decision about who serves the session, with its why. Permission session:read-assignment. Errors:
   * NOT_FOUND.
   */
  listAssignments(request: t.ListAssignmentsRequest, options?: CallOptions): Promise<t.ListAssignmentsResponse> {
    return this.call('GET', '/api/v1/sessions/{id}/assignments', request, options)
  }

  /** 历史消息. Messages by sequence: after one, before one, or the newest. Permission session:read. Errors: NOT_FOUND. */
  listMessages(request: t.ListMessagesRequest, options?: CallOptions): Promise<t.ListMessagesResponse> {
    return this.call('GET', '/api/v1/sessions/{id}/messages', request, options)
  }

  /** 内部备注列表. The private notes; never visible to customers. Permission session:note. Errors: NOT_FOUND. */
  listNotes(request: t.ListNotesRequest, options?: CallOptions): Promise<t.ListNotesResponse> {
    return this.call('GET', '/api/v1/sessions/{id}/notes', request, options)
  }

  /** 会话列表. Lists sessions; `keyword` searches the messages. Permission session:read. */
  listSessions(request: t.ListSessionsRequest = {}, options?: CallOptions): Promise<t.ListSessionsResponse> {
    return this.call('GET', '/api/v1/sessions', request, options)
  }

  /** 待分配列表. The sessions that wait, in queue order, each with why it still waits. Permission session:assign. */
  listUnassignedSessions(request: t.ListUnassignedSessionsRequest = {}, options?: CallOptions): Promise<t.ListSessionsResponse> {
    return this.call('GET', '/api/v1/sessions/unassigned', request, options)
  }

  /**
   * 标为未读. The agent who serves a session marks it as unread: looked at, but not dealt with. What the customer sees as
   * read stays so. Reading on, a message to the customer, or taking it back ends the mark. Permission session:send.
   * Errors: NOT_FOUND, SESSION_STATE, PERMISSION_DENIED.
   */
  markSessionUnread(request: t.MarkSessionUnreadRequest, options?: CallOptions): Promise<t.Session> {
    return this.call('POST', '/api/v1/sessions/{id}/unread', request, options)
  }

  /**
   * 紧急插队. Marks a waiting session as urgent, or takes the mark back: the urgent ones go first (PRD 2.4.3.4).
   * Permission session:assign. Errors: NOT_FOUND, SESSION_STATE.
   */
  prioritizeSession(request: t.PrioritizeSessionRequest, options?: CallOptions): Promise<t.Session> {
    return this.call('POST', '/api/v1/sessions/{id}/prioritize', request, options)
  }

  /**
   * 服务评价. The customer rates a closed session once. Permission session:rate. Errors: NOT_FOUND, SESSION_STATE,
   * ALREADY_RATED.
   */
  rateSession(request: t.RateSessionRequest, options?: CallOptions): Promise<t.Session> {
    return this.call('POST', '/api/v1/sessions/{id}/rating', request, options)
  }

  /**
   * 重新分配. Takes an assigned session from its agent and gives it to another, or back to the queue when no agent is
   * named. Permission session:assign. Errors: NOT_FOUND, SESSION_STATE, AGENT_UNAVAILABLE, AGENT_FULL.
   */
  reassignSession(request: t.ReassignSessionRequest, options?: CallOptions): Promise<t.Session> {
    return this.call('POST', '/api/v1/sessions/{id}/reassign', request, options)
  }

  /**
   * 撤回消息. Recalls one's own message within the time of the settings; a tombstone keeps its place. Permission
   * session:send. Errors: NOT_FOUND, PERMISSION_DENIED, RECALL_EXPIRED.
   */
  recallMessage(request: t.RecallMessageRequest, options?: CallOptions): Promise<t.Message> {
    return this.call('POST', '/api/v1/sessions/{id}/messages/{messageId}/recall', request, options)
  }

  /**
   * 发送消息. Sends a message; the answer means that it is committed. The same `clientMsgId` again gives the stored
   * message with `duplicate`. Permission session:send. Errors: NOT_FOUND, SESSION_CLOSED, PERMISSION_DENIED,
   * TOO_MANY_REQUESTS.
   */
  sendMessage(request: t.SendMessageRequest, options?: CallOptions): Promise<t.SendMessageResponse> {
    return this.call('POST', '/api/v1/sessions/{id}/messages', request, options)
  }

  /**
   * 正在输入. Tells the other side that the caller types; at most once a second. Permission session:send. Errors:
   * NOT_FOUND, SESSION_CLOSED.
   */
  sendTyping(request: t.SendTypingRequest, options?: CallOptions): Promise<void> {
    return this.call('POST', '/api/v1/sessions/{id}/typing', request, options)
  }

  /**
   * 接管会话. The supervisor serves the session personally, waiting or assigned (PRD 2.4.3.2). Permission session:assign.
   * Errors: NOT_FOUND, SESSION_CLOSED.
   */
  takeOverSession(request: t.TakeOverSessionRequest, options?: CallOptions): Promise<t.Session> {
    return this.call('POST', '/api/v1/sessions/{id}/take-over', request, options)
  }

  /**
   * 会话转接. Asks an agent, or whoever of a team, to take the session over; it stays with the present agent until
   * somebody accepts. Permission session:transfer. Errors: NOT_FOUND, SESSION_STATE, AGENT_UNAVAILABLE, AGENT_FULL.
   */
  transferSession(request: t.TransferSessionRequest, options?: CallOptions): Promise<t.Session> {
    return this.call('POST', '/api/v1/sessions/{id}/transfer', request, options)
  }

  /**
   * 取消未读标记. Takes the mark of unread back; without one nothing happens. Permission session:send. Errors: NOT_FOUND,
   * SESSION_STATE, PERMISSION_DENIED.
   */
  unmarkSessionUnread(request: t.UnmarkSessionUnreadRequest, options?: CallOptions): Promise<t.Session> {
    return this.call('DELETE', '/api/v1/sessions/{id}/unread', request, options)
  }

  /**
   * 查看会话. Says that the caller has the session open, and answers who else has. It holds for `expires_in` seconds and
   * is said again before; with `leave` it ends at once. Customers never learn of it; whoever looks on in silence does
   * not call it. Permission session:read. Errors: NOT_FOUND.
   */
  viewSession(request: t.ViewSessionRequest, options?: CallOptions): Promise<t.ViewSessionResponse> {
    return this.call('POST', '/api/v1/sessions/{id}/view', request, options)
  }

  /**
   * 创建回复. Creates a personal quick reply, or with permission settings:write one for everybody. Permission
   * quick-reply:write. Errors: PERMISSION_DENIED.
   */
  createQuickReply(request: t.CreateQuickReplyRequest, options?: CallOptions): Promise<t.QuickReply> {
    return this.call('POST', '/api/v1/quick-replies', request, options)
  }

  /**
   * 删除回复. Deletes a quick reply; one for everybody needs settings:write. Permission quick-reply:write. Errors:
   * NOT_FOUND, PERMISSION_DENIED.
   */
  deleteQuickReply(request: t.DeleteQuickReplyRequest, options?: CallOptions): Promise<void> {
    return this.call('DELETE', '/api/v1/quick-replies/{id}', request, options)
  }

  /** 分配策略. How sessions are assigned and queued. Permission settings:read. */
  getAssignmentSettings(request: t.GetAssignmentSettingsRequest = {}, options?: CallOptions): Promise<t.AssignmentSettings> {
    return this.call('GET', '/api/v1/settings/assignment', request, options)
  }

  /** 系统设置. The tenant's basic settings. Permission settings:read. */
  getSettings(request: t.GetSettingsRequest = {}, options?: CallOptions): Promise<t.Settings> {
    return this.call('GET', '/api/v1/settings', request, options)
  }

  /** 数据字典. The dictionaries. Permission dictionary:read. */
  listDictionaries(request: t.ListDictionariesRequest = {}, options?: CallOptions): Promise<t.ListDictionariesResponse> {
    return this.call('GET', '/api/v1/dictionaries', request, options)
  }

  /** 字典项. The items of one dictionary. Permission dictionary:read. Errors: NOT_FOUND. */
  listDictionaryItems(request: t.ListDictionaryItemsRequest, options?: CallOptions): Promise<t.ListDictionaryItemsResponse> {
    return this.call('GET', '/api/v1/dictionaries/{code}/items', request, options)
  }

  /** 操作日志. Who did what: every call that changes something, newest first. Permission operation-log:read. */
  listOperationLogs(request: t.ListOperationLogsRequest = {}, options?: CallOptions): Promise<t.ListOperationLogsResponse> {
    return this.call('GET', '/api/v1/operation-logs', request, options)
  }

  /** 快捷回复. Everybody's and the caller's own quick replies. Permission quick-reply:read. */
  listQuickReplies(request: t.ListQuickRepliesRequest = {}, options?: CallOptions): Promise<t.ListQuickRepliesResponse> {
    return this.call('GET', '/api/v1/quick-replies', request, options)
  }

  /**
   * 恢复快捷回复. Takes back a deletion; one for everybody needs settings:write as well. Permission quick-reply:write.
   * Errors: NOT_FOUND, PERMISSION_DENIED.
   */
  restoreQuickReply(request: t.RestoreQuickReplyRequest, options?: CallOptions): Promise<t.QuickReply> {
    return this.call('POST', '/api/v1/quick-replies/{id}/restore', request, options)
  }

  /** 更新策略. PUT replaces, PATCH sets the fields present; acts on the next assignment. Permission settings:write. */
  updateAssignmentSettings(request: t.UpdateAssignmentSettingsRequest = {}, options?: CallOptions): Promise<t.AssignmentSettings> {
    return this.call('PUT', '/api/v1/settings/assignment', request, options)
  }

  /** 更新策略. PUT replaces, PATCH sets the fields present; acts on the next assignment. Permission settings:write. */
  updateAssignmentSettingsPatch(request: Partial<t.UpdateAssignmentSettingsRequest>, options?: CallOptions): Promise<t.AssignmentSettings> {
    return this.call('PATCH', '/api/v1/settings/assignment', request, options)
  }

  /**
   * 更新回复. PUT replaces, PATCH sets the fields present; one for everybody needs settings:write. Permission
   * quick-reply:write. Errors: NOT_FOUND, PERMISSION_DENIED.
   */
  updateQuickReply(request: t.UpdateQuickReplyRequest, options?: CallOptions): Promise<t.QuickReply> {
    return this.call('PUT', '/api/v1/quick-replies/{id}', request, options)
  }

  /**
   * 更新回复. PUT replaces, PATCH sets the fields present; one for everybody needs settings:write. Permission
   * quick-reply:write. Errors: NOT_FOUND, PERMISSION_DENIED.
   */
  updateQuickReplyPatch(request: Partial<t.UpdateQuickReplyRequest> & Pick<t.UpdateQuickReplyRequest, 'id'>, options?: CallOptions): Promise<t.QuickReply> {
    return this.call('PATCH', '/api/v1/quick-replies/{id}', request, options)
  }

  /** 更新设置. PUT replaces, PATCH sets the fields present. Permission settings:write. */
  updateSettings(request: t.UpdateSettingsRequest = {}, options?: CallOptions): Promise<t.Settings> {
    return this.call('PUT', '/api/v1/settings', request, options)
  }

  /** 更新设置. PUT replaces, PATCH sets the fields present. Permission settings:write. */
  updateSettingsPatch(request: Partial<t.UpdateSettingsRequest>, options?: CallOptions): Promise<t.Settings> {
    return this.call('PATCH', '/api/v1/settings', request, options)
  }

  /**
   * 实时会话. The figures of the supervision board as they stand now, and how they were in each of the last twelve hours.
   * Permission stats:read. Errors: NOT_FOUND (team).
   */
  getRealtimeSessions(request: t.GetRealtimeSessionsRequest = {}, options?: CallOptions): Promise<t.RealtimeSessions> {
    return this.call('GET', '/api/v1/stats/realtime/sessions', request, options)
  }

  /** 添加成员. Adds members; somebody who is one already stays one. Permission team:write. Errors: NOT_FOUND. */
  addTeamMembers(request: t.AddTeamMembersRequest, options?: CallOptions): Promise<t.ListTeamMembersResponse> {
    return this.call('POST', '/api/v1/teams/{id}/members', request, options)
  }

  /** 创建团队. Creates a team. Permission team:write. Errors: ALREADY_EXISTS. */
  createTeam(request: t.CreateTeamRequest, options?: CallOptions): Promise<t.Team> {
    return this.call('POST', '/api/v1/teams', request, options)
  }

  /** 删除团队. Deletes a team without open sessions. Permission team:write. Errors: NOT_FOUND, IN_USE. */
  deleteTeam(request: t.DeleteTeamRequest, options?: CallOptions): Promise<void> {
    return this.call('DELETE', '/api/v1/teams/{id}', request, options)
  }

  /** 团队详情. One team. Permission team:read. Errors: NOT_FOUND. */
  getTeam(request: t.GetTeamRequest, options?: CallOptions): Promise<t.Team> {
    return this.call('GET', '/api/v1/teams/{id}', request, options)
  }

  /** 团队成员. The members of a team with their state and load. Permission team:read. Errors: NOT_FOUND. */
  listTeamMembers(request: t.ListTeamMembersRequest, options?: CallOptions): Promise<t.ListTeamMembersResponse> {
    return this.call('GET', '/api/v1/teams/{id}/members', request, options)
  }

  /** 团队列表. Lists teams. Permission team:read. */
  listTeams(request: t.ListTeamsRequest = {}, options?: CallOptions): Promise<t.ListTeamsResponse> {
    return this.call('GET', '/api/v1/teams', request, options)
  }

  /** 移除成员. Removes a member; open sessions stay with the agent. Permission team:write. Errors: NOT_FOUND. */
  removeTeamMember(request: t.RemoveTeamMemberRequest, options?: CallOptions): Promise<void> {
    return this.call('DELETE', '/api/v1/teams/{id}/members/{userId}', request, options)
  }

  /**
   * 恢复团队. Takes back a deletion; whoever is still there is a member again. Permission team:write. Errors: NOT_FOUND,
   * ALREADY_EXISTS.
   */
  restoreTeam(request: t.RestoreTeamRequest, options?: CallOptions): Promise<t.Team> {
    return this.call('POST', '/api/v1/teams/{id}/restore', request, options)
  }

  /** 更新团队. PUT replaces, PATCH sets the fields present. Permission team:write. Errors: NOT_FOUND, ALREADY_EXISTS. */
  updateTeam(request: t.UpdateTeamRequest, options?: CallOptions): Promise<t.Team> {
    return this.call('PUT', '/api/v1/teams/{id}', request, options)
  }

  /** 更新团队. PUT replaces, PATCH sets the fields present. Permission team:write. Errors: NOT_FOUND, ALREADY_EXISTS. */
  updateTeamPatch(request: Partial<t.UpdateTeamRequest> & Pick<t.UpdateTeamRequest, 'id'>, options?: CallOptions): Promise<t.Team> {
    return this.call('PATCH', '/api/v1/teams/{id}', request, options)
  }

  /** 用户登录. Logs in with user name and password. Errors: BAD_CREDENTIALS, TOO_MANY_REQUESTS. */
  login(request: t.LoginRequest, options?: CallOptions): Promise<t.LoginResponse> {
    return this.call('POST', '/api/v1/auth/login', request, options, true)
  }

  /**
   * 手机登录. Logs in with a phone number and a one-time code: a staff user with that phone, else a customer. Errors:
   * CODE_INVALID, TOO_MANY_REQUESTS.
   */
  loginByPhone(request: t.LoginByPhoneRequest, options?: CallOptions): Promise<t.LoginResponse> {
    return this.call('POST', '/api/v1/auth/login/phone', request, options, true)
  }

  /** 用户登出. Ends this login session: its tokens and its sockets. */
  logout(request: t.LogoutRequest = {}, options?: CallOptions): Promise<void> {
    return this.call('POST', '/api/v1/auth/logout', request, options)
  }

  /**
   * 刷新Token. Exchanges a refresh token for a new pair; each refresh token works once, and using an old one again ends
   * the login. The previous token may be repeated for ten seconds and gets the same answer. Errors: UNAUTHENTICATED.
   */
  refreshToken(request: t.RefreshTokenRequest, options?: CallOptions): Promise<t.LoginResponse> {
    return this.call('POST', '/api/v1/auth/refresh', request, options, true)
  }

  /**
   * 重置密码. Sets a new password with a one-time code sent to the user's phone; ends all login sessions. Errors:
   * CODE_INVALID.
   */
  resetPassword(request: t.ResetPasswordRequest, options?: CallOptions): Promise<void> {
    return this.call('POST', '/api/v1/user/password/reset', request, options, true)
  }

  /**
   * 发送验证码. Sends a six-digit code to a phone; the answer is the same whether or not the phone is known. Errors:
   * TOO_MANY_REQUESTS.
   */
  sendCode(request: t.SendCodeRequest, options?: CallOptions): Promise<t.SendCodeResponse> {
    return this.call('POST', '/api/v1/auth/code', request, options, true)
  }

  /**
   * 创建角色. Creates a role; its code is made by the server. Nobody gives what they do not hold themselves. Permission
   * role:write. Errors: ALREADY_EXISTS, EXCEEDS_OWN_RIGHTS.
   */
  createRole(request: t.CreateRoleRequest, options?: CallOptions): Promise<t.Role> {
    return this.call('POST', '/api/v1/roles', request, options)
  }

  /**
   * 删除角色. Deletes a role that nobody has; the error names who has it. Permission role:write. Errors: NOT_FOUND,
   * PRESET_ROLE, IN_USE.
   */
  deleteRole(request: t.DeleteRoleRequest, options?: CallOptions): Promise<void> {
    return this.call('DELETE', '/api/v1/roles/{id}', request, options)
  }

  /** 角色详情. One role. Permission role:read. Errors: NOT_FOUND. */
  getRole(request: t.GetRoleRequest, options?: CallOptions): Promise<t.Role> {
    return this.call('GET', '/api/v1/roles/{id}', request, options)
  }

  /** 权限列表. Every permission code that exists, read from the contract. Permission role:read. */
  listPermissions(request: t.ListPermissionsRequest = {}, options?: CallOptions): Promise<t.ListPermissionsResponse> {
    return this.call('GET', '/api/v1/permissions', request, options)
  }

  /** 角色列表. The tenant's roles. Permission role:read. */
  listRoles(request: t.ListRolesRequest = {}, options?: CallOptions): Promise<t.ListRolesResponse> {
    return this.call('GET', '/api/v1/roles', request, options)
  }

  /** 恢复角色. Takes back a deletion. Permission role:write. Errors: NOT_FOUND, ALREADY_EXISTS, EXCEEDS_OWN_RIGHTS. */
  restoreRole(request: t.RestoreRoleRequest, options?: CallOptions): Promise<t.Role> {
    return this.call('POST', '/api/v1/roles/{id}/restore', request, options)
  }

  /**
   * 角色授权. Gives a role these permissions and no others, at once. Permission role:write. Errors: NOT_FOUND,
   * PRESET_ROLE, EXCEEDS_OWN_RIGHTS.
   */
  setRolePermissions(request: t.SetRolePermissionsRequest, options?: CallOptions): Promise<t.Role> {
    return this.call('POST', '/api/v1/roles/{id}/permissions', request, options)
  }

  /**
   * 更新角色. PUT replaces, PATCH sets the fields present; it acts at once on whoever has the role, on sockets too. A
   * preset role is kept up to date by Kefu: copy it to change it. Permission role:write. Errors: NOT_FOUND,
   * ALREADY_EXISTS, PRESET_ROLE, EXCEEDS_OWN_RIGHTS.
   */
  updateRole(request: t.UpdateRoleRequest, options?: CallOptions): Promise<t.Role> {
    return this.call('PUT', '/api/v1/roles/{id}', request, options)
  }

  /**
   * 更新角色. PUT replaces, PATCH sets the fields present; it acts at once on whoever has the role, on sockets too. A
   * preset role is kept up to date by Kefu: copy it to change it. Permission role:write. Errors: NOT_FOUND,
   * ALREADY_EXISTS, PRESET_ROLE, EXCEEDS_OWN_RIGHTS.
   */
  updateRolePatch(request: Partial<t.UpdateRoleRequest> & Pick<t.UpdateRoleRequest, 'id'>, options?: CallOptions): Promise<t.Role> {
    return this.call('PATCH', '/api/v1/roles/{id}', request, options)
  }

  /** 修改密码. Changes the caller's password; the other login sessions end. Errors: BAD_CREDENTIALS. */
  changePassword(request: t.ChangePasswordRequest, options?: CallOptions): Promise<void> {
    return this.call('PUT', '/api/v1/user/password', request, options)
  }

  /**
   * 创建用户. Creates a user; the password must be changed at the first login. Nobody gives a role that can do more than
   * they can. Permission user:write. Errors: ALREADY_EXISTS, EXCEEDS_OWN_RIGHTS.
   */
  createUser(request: t.CreateUserRequest, options?: CallOptions): Promise<t.User> {
    return this.call('POST', '/api/v1/users', request, options)
  }

  /**
   * 删除用户. Deletes a user; open sessions go back to the queue. Permission user:write. Errors: NOT_FOUND,
   * LAST_ADMINISTRATOR, EXCEEDS_OWN_RIGHTS.
   */
  deleteUser(request: t.DeleteUserRequest, options?: CallOptions): Promise<void> {
    return this.call('DELETE', '/api/v1/users/{id}', request, options)
  }

  /** 用户详情. One user. Permission user:read. Errors: NOT_FOUND. */
  getUser(request: t.GetUserRequest, options?: CallOptions): Promise<t.User> {
    return this.call('GET', '/api/v1/users/{id}', request, options)
  }

  /** 用户信息. The caller's own account, with roles and permission codes. */
  getUserInfo(request: t.GetUserInfoRequest = {}, options?: CallOptions): Promise<t.UserInfo> {
    return this.call('GET', '/api/v1/user/info', request, options)
  }

  /** 用户列表. Lists users by name, phone, role, team and status. Permission user:read. */
  listUsers(request: t.ListUsersRequest = {}, options?: CallOptions): Promise<t.ListUsersResponse> {
    return this.call('GET', '/api/v1/users', request, options)
  }

  /**
   * 恢复用户. Takes back a deletion: roles and teams are as before, the logins are over. Permission user:write. Errors:
   * NOT_FOUND, ALREADY_EXISTS (another has the name or the phone by now), EXCEEDS_OWN_RIGHTS.
   */
  restoreUser(request: t.RestoreUserRequest, options?: CallOptions): Promise<t.User> {
    return this.call('POST', '/api/v1/users/{id}/restore', request, options)
  }

  /**
   * 解锁用户. Lets a user whose login is locked after failed tries log in at once. Permission user:write. Errors:
   * NOT_FOUND.
   */
  unlockUser(request: t.UnlockUserRequest, options?: CallOptions): Promise<t.User> {
    return this.call('POST', '/api/v1/users/{id}/unlock', request, options)
  }

  /**
   * 更新用户. PUT replaces, PATCH sets the fields present. Disabling a user or changing roles acts at once, on sockets
   * too. Whoever can do more than the caller is not the caller's to change. Permission user:write. Errors: NOT_FOUND,
   * ALREADY_EXISTS, LAST_ADMINISTRATOR, EXCEEDS_OWN_RIGHTS.
   */
  updateUser(request: t.UpdateUserRequest, options?: CallOptions): Promise<t.User> {
    return this.call('PUT', '/api/v1/users/{id}', request, options)
  }

  /**
   * 更新用户. PUT replaces, PATCH sets the fields present. Disabling a user or changing roles acts at once, on sockets
   * too. Whoever can do more than the caller is not the caller's to change. Permission user:write. Errors: NOT_FOUND,
   * ALREADY_EXISTS, LAST_ADMINISTRATOR, EXCEEDS_OWN_RIGHTS.
   */
  updateUserPatch(request: Partial<t.UpdateUserRequest> & Pick<t.UpdateUserRequest, 'id'>, options?: CallOptions): Promise<t.User> {
    return this.call('PATCH', '/api/v1/users/{id}', request, options)
  }

  /** 更新信息. Changes the caller's own name, e-mail, avatar and language. Errors: ALREADY_EXISTS. */
  updateUserInfo(request: t.UpdateUserInfoRequest = {}, options?: CallOptions): Promise<t.UserInfo> {
    return this.call('PUT', '/api/v1/user/info', request, options)
  }

  /** 更新信息. Changes the caller's own name, e-mail, avatar and language. Errors: ALREADY_EXISTS. */
  updateUserInfoPatch(request: Partial<t.UpdateUserInfoRequest>, options?: CallOptions): Promise<t.UserInfo> {
    return this.call('PATCH', '/api/v1/user/info', request, options)
  }
}

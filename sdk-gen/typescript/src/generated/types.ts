// Generated from the contract by `sdk-gen typescript`; changes are lost.

/** Accepts a transfer. */
export interface AcceptTransferRequest {
  /** The session. */
  id: string
}

/** Moves the caller's marks. */
export interface AckMessagesRequest {
  /** The session. */
  id: string
  /** Up to and with this sequence. */
  seq?: number
  /** Up to and with this message, instead of a sequence. */
  messageId?: string
  /** What has happened. */
  kind?: AckMessagesRequestKind
}

/** What has happened to the messages. */
export type AckMessagesRequestKind =
  /** DELIVERED. */
  | 'KIND_UNSPECIFIED'
  /** They have arrived. */
  | 'DELIVERED'
  /** They were read. */
  | 'READ'

/** New members. */
export interface AddTeamMembersRequest {
  /** The team. */
  id: string
  /** The users. */
  userIds: string[]
}

/** An agent with state and load. */
export interface Agent {
  /** The user. */
  userId: string
  /** The name. */
  name: string
  /** What the agent has set. */
  status: AgentStatus
  /** Connected, or within the grace time. */
  present: boolean
  /** Since when the status stands. */
  statusTime: string | null
  /** Sessions now. */
  activeSessions: number
  /** Most sessions at once. */
  maxSessions: number
  /** Sessions closed today. */
  closedToday: number
  /** Since when the longest waiting customer waits for an answer; absent for none. */
  longestUnanswered: string | null
  /** Skill tags. */
  skills: string[]
  /** The agent's teams. */
  teamIds: string[]
}

/** What the agent has set. */
export type AgentStatus =
  /** Not set. */
  | 'STATUS_UNSPECIFIED'
  /** Not at work. */
  | 'OFFLINE'
  /** Takes sessions. */
  | 'ONLINE'
  /** Serves what there is; gets new sessions from a supervisor or a transfer only. */
  | 'BUSY'
  /** On a break; gets nothing. */
  | 'AWAY'

/** Approves. */
export interface ApproveArchiveRequest {
  /** The record. */
  id: string
  /** What the reviewer has to say. */
  comment?: string
}

/** Archives a customer. */
export interface ArchiveCustomerRequest {
  /** The customer. */
  id: string
  /** What the reviewer should know. */
  comment?: string
}

/** A temporary customer on the way to a formal one (PRD 6.1 ArchiveRecord). */
export interface ArchiveRecord {
  /** The id; grows with time. */
  id: string
  /** The customer. */
  customerId: string
  /** What became of it. */
  status: ArchiveRecordStatus
  /** The customer's record as it was handed in. */
  customer: Customer | null
  /** What whoever handed it in has to say. */
  comment: string
  /** Who handed it in. */
  submitter: Principal | null
  /** Handed in. */
  createTime: string | null
  /** Who has reviewed it; absent before, and where no review is asked for. */
  reviewer: Principal | null
  /** What the reviewer has to say. */
  reviewComment: string
  /** Decided; absent before. */
  reviewTime: string | null
}

/** What became of it. */
export type ArchiveRecordStatus =
  /** Not set. */
  | 'STATUS_UNSPECIFIED'
  /** Waits for the review. */
  | 'SUBMITTED'
  /** The customer is formal. */
  | 'APPROVED'
  /** Sent back to be completed. */
  | 'REJECTED'

/** Gives a session to an agent. */
export interface AssignSessionRequest {
  /** The session. */
  id: string
  /** The agent. */
  agentId: string
  /** Why. */
  reason?: string
}

/** A decision about who serves a session (PRD 6.1 SessionAssignment). */
export interface Assignment {
  /** The id. */
  id: string
  /** The session. */
  sessionId: string
  /** Whose it was; 0 for nobody's. */
  fromAgentId: string
  /** That one's name. */
  fromAgentName: string
  /** Whose it is now; 0 for nobody's. */
  toAgentId: string
  /** That one's name. */
  toAgentName: string
  /** How it came about. */
  method: AssignmentMethod
  /** Why: the words of whoever decided, or the strategy's account of its choice. */
  reason: string
  /** Who decided. */
  decidedBy: Principal | null
  /** When. */
  createTime: string | null
}

/** How it came about. */
export type AssignmentMethod =
  /** Not set. */
  | 'METHOD_UNSPECIFIED'
  /** By the strategy. */
  | 'AUTO'
  /** By a supervisor. */
  | 'MANUAL'
  /** By a transfer that was accepted. */
  | 'TRANSFER'
  /** A supervisor took it over. */
  | 'TAKE_OVER'
  /** The agent was gone for the grace time. */
  | 'AGENT_GONE'
  /** The agent did not answer in time. */
  | 'NO_REPLY'
  /** Put back into the queue by a supervisor. */
  | 'REQUEUE'
  /** A transfer was asked for. */
  | 'TRANSFER_REQUESTED'
  /** A transfer was declined, withdrawn or timed out. */
  | 'TRANSFER_DECLINED'

/** How sessions are assigned (PRD 2.10.5, 2.4.3). */
export interface AssignmentSettings {
  /** The strategy. */
  strategy: AssignmentSettingsStrategy
  /** Customers may queue; otherwise they leave a message when everybody is busy. */
  queueEnabled: boolean
  /** Most customers waiting for one team; 0 for any number. */
  queueLimit: number
  /** Seconds after an agent's last connection is gone until the sessions are taken away. */
  graceSeconds: number
  /** Seconds in which a transfer must be accepted. */
  transferSeconds: number
  /** Minutes without a word from the customer until the session is closed; 0 for never. */
  customerIdleMinutes: number
  /** Minutes a customer waits for an answer until the agent and the supervisors are reminded; 0 for never. */
  replyReminderMinutes: number
  /** Minutes a customer waits for an answer until the session is assigned to somebody else; 0 for never. */
  replyReassignMinutes: number
  /** Last changed. */
  updateTime: string | null
}

/** A strategy for choosing the agent. */
export type AssignmentSettingsStrategy =
  /** Not set. */
  | 'STRATEGY_UNSPECIFIED'
  /** The agent whose last assignment is longest ago (PRD 2.4.3.1). */
  | 'ROUND_ROBIN'
  /** The agent with the fewest sessions (PRD 2.4.3.1). */
  | 'LEAST_ACTIVE'

/** Gives several sessions to an agent. */
export interface BatchAssignSessionsRequest {
  /** The sessions. */
  sessionIds: string[]
  /** The agent. */
  agentId: string
  /** Why. */
  reason?: string
}

/** What became of a batch. */
export interface BatchAssignSessionsResponse {
  /** One for each session, in the order asked. */
  results: BatchAssignSessionsResponseResult[]
  /** How many were assigned. */
  assigned: number
}

/** What became of one session. */
export interface BatchAssignSessionsResponseResult {
  /** The session. */
  sessionId: string
  /** It is assigned. */
  assigned: boolean
  /** Why not: an error reason's name; empty if it is. */
  reason: string
  /** The same in the caller's language. */
  message: string
}

/** A member of a team, and whether a session can be given to that one now. */
export interface Candidate {
  /** The agent, with state and load. */
  agent: Agent | null
  /** The session can be given to the agent now. */
  eligible: boolean
  /** Why, or why not. */
  fit: CandidateFit
  /** The same in the caller's language, with the figures behind the order. */
  message: string
}

/** How an agent stands to a session. */
export type CandidateFit =
  /** Not set. */
  | 'FIT_UNSPECIFIED'
  /** Online, with room: assignment chooses among these. */
  | 'FREE'
  /** Busy, with room: by a word only, never by the strategy. */
  | 'BUSY'
  /** Serves as many sessions as allowed. */
  | 'FULL'
  /** Away. */
  | 'AWAY'
  /** Has set to be there, but has no connection. */
  | 'NOT_PRESENT'
  /** Offline. */
  | 'OFFLINE'
  /** Serves the session already. */
  | 'SERVING'

/** Changes the caller's password. */
export interface ChangePasswordRequest {
  /** The present password. */
  oldPassword: string
  /** The new password: 10 to 128 characters, and not the old one. */
  newPassword: string
}

/** Ends a session. */
export interface CloseSessionRequest {
  /** The session. */
  id: string
  /** What it was about, in one line; staff only. */
  summary?: string
  /** The consultation type; empty keeps the present one; staff only. */
  problemType?: string
}

/** A new customer. */
export interface CreateCustomerRequest {
  /** Name. */
  name: string
  /** Mobile phone, unique in the tenant. */
  phone: string
  /** E-mail address; empty for none. */
  email?: string
  /** Institution. */
  institution?: string
  /** Position. */
  position?: string
  /** Phone number for emergencies. */
  emergencyPhone?: string
  /** Region. */
  region?: string
  /** Address. */
  address?: string
  /** Class; NORMAL if left out. */
  level?: CustomerLevel
  /** What staff should know. */
  remark?: string
  /** Man or woman. */
  gender?: CustomerGender
  /** Telephone at the desk. */
  landline?: string
  /** Department. */
  department?: string
  /** The parts of the business the customer is in charge of. */
  businessModules?: string
  /** The institution's unified social credit code; empty for none. */
  creditCode?: string
  /** The institution's telephone. */
  institutionPhone?: string
  /** The team that serves the customer; 0 for none. */
  teamId?: string
}

/** A new note. */
export interface CreateNoteRequest {
  /** The session. */
  id: string
  /** The text. */
  content: string
  /** The author's own id for it, unique in the session: makes writing again harmless. */
  clientNoteId: string
}

/** A new quick reply. */
export interface CreateQuickReplyRequest {
  /** For everybody. */
  shared?: boolean
  /** The category. */
  category?: string
  /** The word that finds it. */
  shortcut?: string
  /** The title. */
  title: string
  /** The text. */
  content: string
  /** Files that the caller may see; the reply gets copies of its own. */
  fileIds?: string[]
}

/** New links. */
export interface CreateRegisterLinksRequest {
  /** The team whose queue the customer enters. */
  teamId: string
  /** How many links; 1 if left out. */
  count?: number
  /** Hours until they expire; 168 (a week) if left out. */
  expireHours?: number
  /** How many customers may register with each; 0 for any number. */
  maxUses?: number
  /** What the links are for. */
  label?: string
  /** The consultation type they preset. */
  problemType?: string
}

/** The links made. */
export interface CreateRegisterLinksResponse {
  /** The links, with token and address. */
  list: RegisterLink[]
}

/** A new role. */
export interface CreateRoleRequest {
  /** The name, unique in the tenant. */
  name: string
  /** What the role is for. */
  description?: string
  /** Whose data; SELF if left out. */
  dataScope?: RoleDataScope
  /** Permission codes. */
  permissions?: string[]
}

/** A new session. */
export interface CreateSessionRequest {
  /** The team; 0 for the team of the customer's last session. */
  teamId?: string
  /** For whom; staff only, a customer is always meant personally. */
  customerId?: string
  /** The consultation type. */
  problemType?: string
  /** What the question is; becomes the first message. */
  question?: string
}

/** A new team. */
export interface CreateTeamRequest {
  /** The name, unique in the tenant. */
  name: string
  /** What the team does. */
  description?: string
  /** The leader's user id; 0 for none. */
  leaderId?: string
  /** Consultation types the team serves; empty for all. */
  problemTypes?: string[]
  /** Skill tags. */
  skills?: string[]
  /** When the team is on duty; empty for always. */
  workingHours?: WorkingSpan[]
  /** Most sessions at once of one member in this team; 0 for the member's own maximum. */
  maxSessions?: number
}

/** A new user. */
export interface CreateUserRequest {
  /** The login name, unique in the tenant: letters, digits, dot, dash, underscore. */
  username: string
  /** The first password, 10 to 128 characters; must be changed at the first login. */
  password: string
  /** The name to show. */
  name: string
  /** Mobile phone, unique in the tenant; empty for none. */
  phone?: string
  /** E-mail address; empty for none. */
  email?: string
  /** The roles' ids. */
  roleIds?: string[]
  /** Most sessions at once; 5 if left out. */
  maxSessions?: number
  /** Skill tags. */
  skills?: string[]
}

/** A customer. */
export interface Customer {
  /** The id. */
  id: string
  /** Name. */
  name: string
  /** Mobile phone, unique in the tenant. */
  phone: string
  /** E-mail address. */
  email: string
  /** Institution. */
  institution: string
  /** Position. */
  position: string
  /** Phone number for emergencies. */
  emergencyPhone: string
  /** Region, as 北京市朝阳区. */
  region: string
  /** Address. */
  address: string
  /** Class. */
  level: CustomerLevel
  /** How far the archive has come. */
  archiveStatus: CustomerArchiveStatus
  /** What staff should know; never shown to the customer. */
  remark: string
  /** Sessions so far. */
  sessionCount: number
  /** The team that serves the customer, at first that of the link; 0 if none. */
  teamId: string
  /** Registered. */
  createTime: string | null
  /** Last changed. */
  updateTime: string | null
  /** Last session; absent before the first. */
  lastSessionTime: string | null
  /** Man or woman. */
  gender: CustomerGender
  /** Telephone at the desk. */
  landline: string
  /** Department. */
  department: string
  /** The parts of the business the customer is in charge of. */
  businessModules: string
  /** The institution's unified social credit code. */
  creditCode: string
  /** The institution's telephone. */
  institutionPhone: string
}

/** How far the archive has come (PRD 2.2.5). */
export type CustomerArchiveStatus =
  /** Not set. */
  | 'ARCHIVE_STATUS_UNSPECIFIED'
  /** Registered by a link; the service goes on. */
  | 'TEMPORARY'
  /** The service has ended; waits in the archive list. */
  | 'PENDING'
  /** Archived. */
  | 'FORMAL'
  /** Handed in to be archived; waits for the review. */
  | 'SUBMITTED'

/** Man or woman. */
export type CustomerGender =
  /** Not known. */
  | 'GENDER_UNSPECIFIED'
  /** Male. */
  | 'MALE'
  /** Female. */
  | 'FEMALE'

/** The customer's class (PRD 2.2.1). */
export type CustomerLevel =
  /** Not set. */
  | 'LEVEL_UNSPECIFIED'
  /** Ordinary. */
  | 'NORMAL'
  /** VIP. */
  | 'VIP'

/** Declines a transfer. */
export interface DeclineTransferRequest {
  /** The session. */
  id: string
  /** Why. */
  reason?: string
}

/** Deletes a customer. */
export interface DeleteCustomerRequest {
  /** The customer. */
  id: string
}

/** Deletes a quick reply. */
export interface DeleteQuickReplyRequest {
  /** The quick reply. */
  id: string
}

/** Deletes a role. */
export interface DeleteRoleRequest {
  /** The role. */
  id: string
}

/** Deletes a team. */
export interface DeleteTeamRequest {
  /** The team. */
  id: string
}

/** Deletes a user. */
export interface DeleteUserRequest {
  /** The user. */
  id: string
}

/** A dictionary (PRD 2.10.6). */
export interface Dictionary {
  /** The code, as `problem_type`. */
  code: string
  /** The name. */
  name: string
  /** How many items. */
  itemCount: number
}

/** An item of a dictionary. */
export interface DictionaryItem {
  /** The value that is stored. */
  value: string
  /** The label to show. */
  label: string
  /** The place in the list, from 1. */
  sort: number
}

/** Asks for a file's content. */
export interface DownloadFileRequest {
  /** The file. */
  id: string
}

/** Nothing to return. */
export type Empty = Record<string, never>

/** What the virus scan said. */
export type FileScanStatus =
  /** Not set. */
  | 'SCAN_STATUS_UNSPECIFIED'
  /** Waits for the scan; cannot be downloaded. */
  | 'PENDING'
  /** Clean. */
  | 'CLEAN'
  /** Infected; cannot be downloaded. */
  | 'INFECTED'
  /** No scanner is configured (`scanner.url = "none"`). */
  | 'NOT_SCANNED'

/** A file. */
export interface File_ {
  /** The id. */
  id: string
  /** The name to show; cleaned of control and invisible characters. */
  name: string
  /** The type found in the content. */
  contentType: string
  /** Bytes. */
  size: number
  /** SHA-256 of the content, hexadecimal. */
  sha256: string
  /** What the virus scan said. */
  scanStatus: FileScanStatus
  /** The session it belongs to; 0 for none. */
  sessionId: string
  /** Uploaded. */
  createTime: string | null
}

/** One thing for a client: the frame of realtime.md with its `type` as the field's name. */
export interface Frame {
  /** A message. */
  message?: MessageFrame
  /** A session as it stands now. */
  sessionUpdate?: Session
  /** Somebody's state. */
  statusUpdate?: StatusUpdate
  /** A notification. */
  notification?: NotificationFrame
  /** The other side types. */
  typing?: Typing
  /** The cursor does not fit; read the history again. */
  resync?: Resync
  /** Who has a session open; for staff alone. */
  viewers?: Viewers
}

/** Asks for one archive record. */
export interface GetArchiveRecordRequest {
  /** The record. */
  id: string
}

/** Asks for the assignment settings. */
export type GetAssignmentSettingsRequest = Record<string, never>

/** Asks for one customer. */
export interface GetCustomerRequest {
  /** The customer. */
  id: string
}

/** Asks for a file's data. */
export interface GetFileRequest {
  /** The file. */
  id: string
}

/** Asks for the caller's state. */
export type GetMyAgentRequest = Record<string, never>

/** Asks for the figures of the supervision board. */
export interface GetRealtimeSessionsRequest {
  /** Only of this team; 0 for all. */
  teamId?: string
}

/** Asks for one role. */
export interface GetRoleRequest {
  /** The role. */
  id: string
}

/** Asks for one session. */
export interface GetSessionRequest {
  /** The session. */
  id: string
}

/** Asks for the settings. */
export type GetSettingsRequest = Record<string, never>

/** Asks for one team. */
export interface GetTeamRequest {
  /** The team. */
  id: string
}

/** Asks for the caller's account. */
export type GetUserInfoRequest = Record<string, never>

/** Asks for one user. */
export interface GetUserRequest {
  /** The user. */
  id: string
}

/** An institution, as its formal customers' records tell of it. */
export interface Institution {
  /** The name. */
  name: string
  /** How many formal customers work there. */
  customerCount: number
  /** Region, by the newest record. */
  region: string
  /** Address, by the newest record. */
  address: string
  /** Unified social credit code, by the newest record. */
  creditCode: string
  /** Telephone, by the newest record. */
  institutionPhone: string
}

/** Leaves a message instead of waiting. */
export interface LeaveMessageRequest {
  /** The session. */
  id: string
  /** The message. */
  content: string
}

/** Filters of the agents. */
export interface ListAgentsRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Only of this team. */
  teamId?: string
  /** Only with this skill. */
  skill?: string
  /** Only with this status. */
  status?: AgentStatus
}

/** A page of agents. */
export interface ListAgentsResponse {
  /** The agents. */
  list: Agent[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Filters of the archive records. */
export interface ListArchiveRecordsRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Only with this status. */
  status?: ArchiveRecordStatus
  /** Only of this customer. */
  customerId?: string
}

/** A page of archive records. */
export interface ListArchiveRecordsResponse {
  /** The records. */
  list: ArchiveRecord[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Asks for the decisions about a session. */
export interface ListAssignmentsRequest {
  /** The session. */
  id: string
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
}

/** A page of decisions, oldest first. */
export interface ListAssignmentsResponse {
  /** The decisions. */
  list: Assignment[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Asks who could take a session. */
export interface ListCandidatesRequest {
  /** The session. */
  id: string
  /** The team to look in; 0 for the session's own. */
  teamId?: string
}

/** Who could take a session. */
export interface ListCandidatesResponse {
  /** The members of the team, the best choice first. */
  list: Candidate[]
}

/** Asks for a customer's sessions. */
export interface ListCustomerServicesRequest {
  /** The customer. */
  id: string
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
}

/** Filters of the customer list. */
export interface ListCustomersRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Order; a leading minus reverses it. */
  sort?: string
  /** Part of the name, phone or institution. */
  keyword?: string
  /** Only with this archive status. */
  archiveStatus?: CustomerArchiveStatus
  /** Only of this class. */
  level?: CustomerLevel
}

/** A page of customers. */
export interface ListCustomersResponse {
  /** The customers. */
  list: Customer[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Asks for the dictionaries. */
export type ListDictionariesRequest = Record<string, never>

/** The dictionaries. */
export interface ListDictionariesResponse {
  /** The dictionaries. */
  list: Dictionary[]
}

/** Asks for a dictionary's items. */
export interface ListDictionaryItemsRequest {
  /** The dictionary. */
  code: string
}

/** The items. */
export interface ListDictionaryItemsResponse {
  /** The items in order. */
  list: DictionaryItem[]
}

/** Filters of the institutions. */
export interface ListInstitutionsRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Part of the name. */
  keyword?: string
}

/** A page of institutions. */
export interface ListInstitutionsResponse {
  /** The institutions. */
  list: Institution[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Asks for messages. */
export interface ListMessagesRequest {
  /** The session. */
  id: string
  /** Only with a greater sequence, oldest first. */
  afterSeq?: number
  /** Only with a smaller sequence, newest first; 0 for no bound. Without either bound: the newest. */
  beforeSeq?: number
  /** Most messages, 1 to 100; 50 if left out. */
  size?: number
  /** Set with after_seq 0 to read from the beginning. */
  fromStart?: boolean
}

/** Messages in rising sequence. */
export interface ListMessagesResponse {
  /** The messages. */
  list: Message[]
  /** The newest sequence of the session. */
  head: number
  /** There are more in the direction asked for. */
  more: boolean
  /** Messages in the session. */
  total: number
}

/** Asks for the notes. */
export interface ListNotesRequest {
  /** The session. */
  id: string
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
}

/** A page of notes, oldest first. */
export interface ListNotesResponse {
  /** The notes. */
  list: Note[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Filters of the notification list. */
export interface ListNotificationsRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Only unread ones. */
  unread?: boolean
  /** Only after this id, oldest first: for catching up. */
  afterId?: string
}

/** A page of notifications. */
export interface ListNotificationsResponse {
  /** The notifications. */
  list: Notification[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
  /** Unread in all. */
  unread: number
}

/** Filters of the operation log. */
export interface ListOperationLogsRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Only this method. */
  method?: string
  /** Only by this staff user. */
  userId?: string
  /** Done at or after. */
  createTimeFrom?: string
  /** Done before. */
  createTimeTo?: string
}

/** A page of the operation log, newest first. */
export interface ListOperationLogsResponse {
  /** The rows. */
  list: OperationLog[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Filters of the archive list. */
export interface ListPendingArchiveRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Part of the name, phone or institution. */
  keyword?: string
}

/** Asks for the permissions. */
export type ListPermissionsRequest = Record<string, never>

/** The permissions. */
export interface ListPermissionsResponse {
  /** The permissions, by code. */
  list: Permission_[]
}

/** Filters of the quick replies. */
export interface ListQuickRepliesRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Part of the shortcut, title or content. */
  keyword?: string
  /** Only of this category. */
  category?: string
}

/** A page of quick replies. */
export interface ListQuickRepliesResponse {
  /** The quick replies. */
  list: QuickReply[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Filters of the link list. */
export interface ListRegisterLinksRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Only of this team. */
  teamId?: string
  /** Only those that can be used now: neither revoked, expired nor used up. */
  usable?: boolean
}

/** A page of links. */
export interface ListRegisterLinksResponse {
  /** The links. */
  list: RegisterLink[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Filters of the role list. */
export interface ListRolesRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
}

/** A page of roles. */
export interface ListRolesResponse {
  /** The roles. */
  list: Role[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Filters of the sent messages. */
export interface ListSentMessagesRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Only to this phone number or address. */
  target?: string
}

/** A page of sent messages. */
export interface ListSentMessagesResponse {
  /** The messages. */
  list: SentMessage[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Filters of the session list. */
export interface ListSessionsRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Order; a leading minus reverses it. `unanswered` puts the longest waiting first. */
  sort?: string
  /** Only with these states. */
  status?: SessionStatus[]
  /** Only of this agent. */
  agentId?: string
  /** Only of this team. */
  teamId?: string
  /** Only of this customer. */
  customerId?: string
  /** Only the caller's own. */
  mine?: boolean
  /** Words in the messages, or part of the customer's name or institution. */
  keyword?: string
  /** Created at or after. */
  createTimeFrom?: string
  /** Created before. */
  createTimeTo?: string
  /** Closed at or after. */
  closeTimeFrom?: string
  /** Closed before. */
  closeTimeTo?: string
  /** First answered at or after. */
  firstReplyTimeFrom?: string
  /** Rated at or after. */
  ratingTimeFrom?: string
}

/** A page of sessions. */
export interface ListSessionsResponse {
  /** The sessions. */
  list: Session[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Asks for a team's members. */
export interface ListTeamMembersRequest {
  /** The team. */
  id: string
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
}

/** A page of members. */
export interface ListTeamMembersResponse {
  /** The members. */
  list: TeamMember[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Filters of the team list. */
export interface ListTeamsRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Order; a leading minus reverses it. */
  sort?: string
  /** Part of the name. */
  keyword?: string
}

/** A page of teams. */
export interface ListTeamsResponse {
  /** The teams. */
  list: Team[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Filters of the waiting sessions. */
export interface ListUnassignedSessionsRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Only of this team. */
  teamId?: string
  /** Only urgent ones. */
  urgent?: boolean
  /** Only of this consultation type. */
  problemType?: string
}

/** Filters of the user list. */
export interface ListUsersRequest {
  /** Page, from 1. */
  page?: number
  /** Rows a page, 1 to 100; 20 if left out. */
  size?: number
  /** Order; a leading minus reverses it. */
  sort?: string
  /** Part of the login name, name, phone or e-mail. */
  keyword?: string
  /** Only with this status. */
  status?: UserStatus
  /** Only with this role. */
  roleId?: string
  /** Only members of this team. */
  teamId?: string
}

/** A page of users. */
export interface ListUsersResponse {
  /** The users. */
  list: User[]
  /** Rows in all. */
  total: number
  /** This page. */
  page: number
  /** Rows a page. */
  size: number
  /** Pages in all. */
  pages: number
}

/** Login with a one-time code. */
export interface LoginByPhoneRequest {
  /** Mobile phone. */
  phone: string
  /** The code that was sent, six digits. */
  code: string
  /** The tenant's code; may be left out where there is one tenant. */
  tenantCode?: string
}

/** Login with user name and password. */
export interface LoginRequest {
  /** The login name. */
  username: string
  /** The password. */
  password: string
  /** The tenant's code; may be left out where there is one tenant. */
  tenantCode?: string
}

/** A pair of tokens. */
export interface LoginResponse {
  /** Goes into `Authorization: Bearer`; lives for two hours. */
  accessToken: string
  /** Exchanges for a new pair; lives for seven days and works once. */
  refreshToken: string
  /** Seconds until the access token expires. */
  expiresIn: number
  /** Who has logged in. */
  user: UserInfo | null
}

/** Ends the caller's login session. */
export interface LogoutRequest {
  /** End all of the caller's login sessions, on every device. */
  everywhere?: boolean
}

/** Marks notifications as read. */
export interface MarkNotificationsReadRequest {
  /** Up to and with this one; 0 for all. */
  upToId?: string
}

/** Marks a session as unread. */
export interface MarkSessionUnreadRequest {
  /** The session. */
  id: string
  /** How far the agent has read before: a read mark of that place which is still under way does not end this one. */
  readSeq?: number
}

/** A message. */
export interface Message {
  /** The id. */
  id: string
  /** The session. */
  sessionId: string
  /** The place in the session, from 1 without holes. */
  seq: number
  /** Who sent it. */
  sender: Principal | null
  /** The sender's own id for it. */
  clientMsgId: string
  /** What the content is. */
  contentType: MessageContentType
  /** The text; empty in a recalled message. */
  content: string
  /** The file of an IMAGE or FILE. */
  file: File_ | null
  /** The message it answers; 0 for none. */
  quoteMessageId: string
  /** Recalled by its sender. */
  recalled: boolean
  /** Committed. */
  createTime: string | null
}

/** What the content is. */
export type MessageContentType =
  /** Not set. */
  | 'CONTENT_TYPE_UNSPECIFIED'
  /** Plain text. */
  | 'TEXT'
  /** An image file. */
  | 'IMAGE'
  /** Another file. */
  | 'FILE'
  /** A line written by Kefu. */
  | 'EVENT'

/** A message as it goes over the wire (PRD 8.15). */
export interface MessageFrame {
  /** The session. */
  sessionId: string
  /** The message. */
  messageId: string
  /** The text; empty in a recalled message. */
  content: string
  /** Who sent it. */
  sender: Principal | null
  /** Milliseconds since 1970. */
  timestamp: number
  /** The place in the session. */
  seq: number
  /** The sender's own id for it. */
  clientMsgId: string
  /** What the content is. */
  contentType: MessageContentType
  /** Recalled by its sender. */
  recalled: boolean
  /** The whole message, with file and quote. */
  full: Message | null
}

/** A private note of staff. */
export interface Note {
  /** The id. */
  id: string
  /** The session. */
  sessionId: string
  /** Who wrote it. */
  authorId: string
  /** The author's name. */
  authorName: string
  /** The text. */
  content: string
  /** Written. */
  createTime: string | null
}

/** Something a staff user should know. */
export interface Notification {
  /** The id; grows with time. */
  id: string
  /** What it is about. */
  type: NotificationType
  /** The line to show, in the user's language. */
  title: string
  /** More. */
  body: string
  /** The session it is about; 0 for none. */
  sessionId: string
  /** Read already. */
  read: boolean
  /** Made. */
  createTime: string | null
  /** The archive record it is about; 0 for none. */
  archiveRecordId: string
}

/** A notification with its cursor. */
export interface NotificationFrame {
  /** The cursor. */
  notificationId: string
  /** The notification. */
  notification: Notification | null
}

/** What it is about. */
export type NotificationType =
  /** Not set. */
  | 'TYPE_UNSPECIFIED'
  /** A session was assigned to the user. */
  | 'SESSION_ASSIGNED'
  /** Somebody wants to transfer a session to the user. */
  | 'TRANSFER_REQUESTED'
  /** A transfer the user asked for was accepted. */
  | 'TRANSFER_ACCEPTED'
  /** A transfer the user asked for was declined or has timed out. */
  | 'TRANSFER_DECLINED'
  /** A session was taken from the user. */
  | 'SESSION_REMOVED'
  /** A customer waits for the user's answer. */
  | 'REPLY_OVERDUE'
  /** A customer left a message for the user's team. */
  | 'MESSAGE_LEFT'
  /** A customer's record waits for the user's review. */
  | 'ARCHIVE_SUBMITTED'
  /** A record the user handed in was approved. */
  | 'ARCHIVE_APPROVED'
  /** A record the user handed in was sent back to be completed. */
  | 'ARCHIVE_REJECTED'

/** A row of the operation log (PRD 6.1 OperationLog). */
export interface OperationLog {
  /** The id; grows with time. */
  id: string
  /** The method, as `kefu.team.v1.TeamService/CreateTeam`. */
  method: string
  /** Who did it. */
  principal: Principal | null
  /** The request as JSON, with secrets masked; empty for an upload. */
  request: string
  /** Finds the call in the server's log. */
  requestId: string
  /** The caller's address. */
  clientIp: string
  /** What the caller used. */
  userAgent: string
  /** Done. */
  createTime: string | null
}

/** A permission. */
export interface Permission_ {
  /** The code, as `session:read`. */
  code: string
  /** The noun it is about. */
  group: string
  /** The methods that need it, as `kefu.session.v1.SessionService/ListSessions`. */
  methods: string[]
}

/** Asks for events. */
export interface PollEventsRequest {
  /** The cursor of the last answer; empty for the first call. */
  since?: string
  /** Most seconds to wait, 0 to 25. */
  wait?: number
}

/** Events. */
export interface PollEventsResponse {
  /** The frames, in order. */
  list: Frame[]
  /** The cursor for the next call. */
  next: string
  /** There is more already. */
  more: boolean
}

/** The kind of somebody who acts. */
export interface Principal {
  /** The kind. */
  kind: PrincipalKind
  /** The id within the kind. */
  id: string
  /** The name to show. */
  name: string
}

/** A kind. */
export type PrincipalKind =
  /** Unknown. */
  | 'KIND_UNSPECIFIED'
  /** A staff user. */
  | 'USER'
  /** A customer. */
  | 'CUSTOMER'
  /** Kefu itself. */
  | 'SYSTEM'
  /** A partner system. */
  | 'PARTNER'

/** Moves a session up. */
export interface PrioritizeSessionRequest {
  /** The session. */
  id: string
  /** Urgent, or no longer. */
  urgent?: boolean
  /** Why. */
  reason?: string
}

/** A prepared answer (PRD 2.10.3). */
export interface QuickReply {
  /** The id. */
  id: string
  /** For everybody; otherwise for its owner alone. */
  shared: boolean
  /** The category. */
  category: string
  /** The word that finds it after `/`. */
  shortcut: string
  /** The title in the list. */
  title: string
  /** The text; `{{customer}}` and `{{agent}}` are filled in. */
  content: string
  /** Created. */
  createTime: string | null
  /** Last changed. */
  updateTime: string | null
  /** The files that go with the text, in order: each is sent by a message of its own, with its id. */
  files: File_[]
}

/** Rates a session. */
export interface RateSessionRequest {
  /** The session. */
  id: string
  /** 1 (bad) to 5 (good). */
  score: number
  /** What was good or bad. */
  tags?: string[]
  /** One sentence. */
  comment?: string
}

/**
 * The figures of the supervision board. Today is the calendar day in the tenant's time zone. A figure that is not
 * known is absent, never 0.
 */
export interface RealtimeSessions {
  /** Sessions that wait. */
  queued: number
  /** Since when the one waits that has waited longest; absent if none does. */
  longestWaitingSince: string | null
  /** Sessions that agents serve. */
  active: number
  /** Agents who are online and present. */
  agentsOnline: number
  /**
   * Mean seconds from the beginning of the wait to the agent's first words, of the sessions first answered today;
   * absent if there are none.
   */
  firstResponseSeconds?: number
  /** How many sessions were first answered today. */
  firstResponses: number
  /** Mean score of the ratings given today, 1 to 5; absent if there are none. */
  ratingScore?: number
  /** How many ratings were given today, of sessions closed in the last thirty days. */
  ratings: number
  /** The last twelve hours, oldest first; the last one is under way. */
  hours: RealtimeSessionsHour[]
  /** As of. */
  time: string | null
}

/**
 * An hour of the trend. States are as they were recorded last in the hour, every five minutes; the hour under way
 * shows them as they are now.
 */
export interface RealtimeSessionsHour {
  /** When it began. */
  time: string | null
  /** Sessions that waited; absent if nothing was recorded. */
  queued?: number
  /** Seconds for which the first of them had waited, 0 if nobody did; absent if nothing was recorded. */
  longestWaitSeconds?: number
  /** Sessions that agents served; absent if nothing was recorded. */
  active?: number
  /** Agents online; absent if nothing was recorded. */
  agentsOnline?: number
  /** Mean seconds until the first response, of those given in the hour; absent if there were none. */
  firstResponseSeconds?: number
  /** Mean score of the ratings given in the hour; absent if there were none. */
  ratingScore?: number
}

/** Gives an assigned session to another agent. */
export interface ReassignSessionRequest {
  /** The session. */
  id: string
  /** The agent; 0 for back to the queue. */
  agentId?: string
  /** Why. */
  reason?: string
}

/** Recalls a message. */
export interface RecallMessageRequest {
  /** The session. */
  id: string
  /** The message. */
  messageId: string
}

/** Exchanges a refresh token. */
export interface RefreshTokenRequest {
  /** The refresh token. */
  refreshToken: string
}

/** A registration link. */
export interface RegisterLink {
  /** The id. */
  id: string
  /** The team whose queue the customer enters. */
  teamId: string
  /** The team's name. */
  teamName: string
  /** What the link is for, as a batch's name. */
  label: string
  /** The consultation type it presets; empty for the customer's choice. */
  problemType: string
  /** Until when it works. */
  expireTime: string | null
  /** How many customers may register with it; 0 for any number. */
  maxUses: number
  /** How many have. */
  usedCount: number
  /** Revoked by staff. */
  revoked: boolean
  /** Made. */
  createTime: string | null
  /** The secret part of the address; only in the answer that made the link. */
  token: string
  /** The address to give to the customer; only in the answer that made the link. */
  url: string
}

/** The customer's form. */
export interface RegisterRequest {
  /** The secret part of the link's address. */
  linkToken: string
  /** Name. */
  name: string
  /** Mobile phone. */
  phone: string
  /** The code sent to the phone, six digits. */
  code: string
  /** Institution. */
  institution?: string
  /** Position. */
  position?: string
  /** Phone number for emergencies. */
  emergencyPhone?: string
  /** Consultation type. */
  problemType?: string
  /** What the question is; becomes the first message. */
  question?: string
}

/** The customer is in the queue. */
export interface RegisterResponse {
  /** Tokens of the customer. */
  login: LoginResponse | null
  /** The session. */
  session: Session | null
}

/** Rejects. */
export interface RejectArchiveRequest {
  /** The record. */
  id: string
  /** What is to be done better. */
  comment: string
}

/** A member to remove. */
export interface RemoveTeamMemberRequest {
  /** The team. */
  id: string
  /** The user. */
  userId: string
}

/** A new password by phone code. */
export interface ResetPasswordRequest {
  /** Mobile phone of the user. */
  phone: string
  /** The code that was sent, six digits. */
  code: string
  /** The new password: 10 to 128 characters. */
  newPassword: string
  /** The tenant's code; may be left out where there is one tenant. */
  tenantCode?: string
}

/** Takes back a deletion. */
export interface RestoreCustomerRequest {
  /** What was deleted. */
  id: string
}

/** Takes back a deletion. */
export interface RestoreQuickReplyRequest {
  /** What was deleted. */
  id: string
}

/** Takes back a deletion. */
export interface RestoreRegisterLinkRequest {
  /** What was deleted. */
  id: string
}

/** Takes back a deletion. */
export interface RestoreRoleRequest {
  /** What was deleted. */
  id: string
}

/** Takes back a deletion. */
export interface RestoreTeamRequest {
  /** What was deleted. */
  id: string
}

/** Takes back a deletion. */
export interface RestoreUserRequest {
  /** What was deleted. */
  id: string
}

/** The cursor does not fit. */
export interface Resync {
  /** The session; 0 for all. */
  sessionId: string
  /** The newest sequence. */
  head: number
  /** Why: `epoch`, `ahead`, or `too_far`. */
  reason: string
}

/** Revokes a link. */
export interface RevokeRegisterLinkRequest {
  /** The link. */
  id: string
}

/** A role. */
export interface Role {
  /** The id. */
  id: string
  /** The code, unique in the tenant. */
  code: string
  /** The name. */
  name: string
  /** Made and kept up to date by Kefu; cannot be changed or deleted, but copied. */
  preset: boolean
  /** Whose data. */
  dataScope: RoleDataScope
  /** Permission codes. */
  permissions: string[]
  /** What the role is for. */
  description: string
  /** How many users have it. */
  userCount: number
  /** Created. */
  createTime: string | null
  /** Last changed. */
  updateTime: string | null
}

/** Whose data the role's permissions reach (PRD 2.1.2). */
export type RoleDataScope =
  /** Not set. */
  | 'DATA_SCOPE_UNSPECIFIED'
  /** Everything in the tenant. */
  | 'ALL'
  /** What belongs to the user's teams. */
  | 'TEAM'
  /** What belongs to the user alone. */
  | 'SELF'

/** Asks for a one-time code. */
export interface SendCodeRequest {
  /** Mobile phone. */
  phone: string
  /** What the code is for. */
  purpose: SendCodeRequestPurpose
  /** The tenant's code; may be left out where there is one tenant. */
  tenantCode?: string
  /** For REGISTER: the token of the registration link, which names the tenant. */
  linkToken?: string
}

/** What the code is for. */
export type SendCodeRequestPurpose =
  /** Not set. */
  | 'PURPOSE_UNSPECIFIED'
  /** Login by phone. */
  | 'LOGIN'
  /** A new password. */
  | 'RESET_PASSWORD'
  /** Quick registration of a customer. */
  | 'REGISTER'

/** What was sent. */
export interface SendCodeResponse {
  /** Seconds for which the code works. */
  expiresIn: number
  /** Seconds after which another code may be asked for. */
  resendAfter: number
}

/** A message to send. */
export interface SendMessageRequest {
  /** The session. */
  id: string
  /** The sender's own id for it, unique in the session: makes sending again harmless. */
  clientMsgId: string
  /** The text; for an IMAGE or FILE an optional caption. */
  content?: string
  /** What it is; TEXT if left out. */
  contentType?: MessageContentType
  /** The uploaded file of an IMAGE or FILE. */
  fileId?: string
  /** The message it answers; 0 for none. */
  quoteMessageId?: string
}

/** The stored message. */
export interface SendMessageResponse {
  /** The message. */
  message: Message | null
  /** It was stored before; nothing was written now. */
  duplicate: boolean
}

/** The caller types. */
export interface SendTypingRequest {
  /** The session. */
  id: string
}

/** A message sent through a channel. */
export interface SentMessage {
  /** The id. */
  id: string
  /** The channel. */
  channel: SentMessageChannel
  /** Phone number or address. */
  target: string
  /** The text as sent. */
  content: string
  /** Handed to a provider; false where the recorder stands in for one. */
  delivered: boolean
  /** Sent. */
  createTime: string | null
}

/** A channel. */
export type SentMessageChannel =
  /** Not set. */
  | 'CHANNEL_UNSPECIFIED'
  /** SMS. */
  | 'SMS'
  /** E-mail. */
  | 'MAIL'

/** A session. */
export interface Session {
  /** The id. */
  id: string
  /** Where it stands. */
  status: SessionStatus
  /** How the customer came. */
  channel: SessionChannel
  /** The customer. */
  customerId: string
  /** The customer's name. */
  customerName: string
  /** The customer's institution. */
  institution: string
  /** The customer is a VIP; staff only. */
  vip: boolean
  /** The team. */
  teamId: string
  /** The team's name. */
  teamName: string
  /** The agent; 0 for none. */
  agentId: string
  /** The agent's name. */
  agentName: string
  /** The consultation type. */
  problemType: string
  /** Goes before others in the queue. */
  urgent: boolean
  /** The place in the queue; only while it waits. */
  queue: SessionQueue | null
  /** A transfer under way; staff only. */
  transfer: SessionTransfer | null
  /** The newest message's sequence. */
  lastSeq: number
  /** The newest words of the customer or an agent, shortened; lines of Kefu's own are left out. */
  lastMessage: string
  /** When the newest message was sent. */
  lastMessageTime: string | null
  /** Up to where the customer's side has got the messages. */
  customerDeliveredSeq: number
  /** Up to where the customer has read. */
  customerReadSeq: number
  /** Up to where the agent's side has got the messages. */
  agentDeliveredSeq: number
  /** Up to where the agent has read. */
  agentReadSeq: number
  /** Messages the caller's side has not read; lines of Kefu's own (EVENT) do not count. */
  unread: number
  /** Since when the customer waits for an answer; absent if the agent spoke last. */
  unansweredSince: string | null
  /** The customer is connected now; staff only. */
  customerOnline: boolean
  /** How many private notes there are; staff only. */
  noteCount: number
  /** Why it was closed. */
  closeReason: SessionCloseReason
  /** What it was about, in one line; staff only. */
  summary: string
  /** What the customer thought of it. */
  rating: SessionRating | null
  /** Grows with every change; the newest wins. */
  version: number
  /** Created. */
  createTime: string | null
  /** First assigned; absent before. */
  assignTime: string | null
  /** Closed; absent before. */
  closeTime: string | null
  /** The agent has marked it as unread, whatever was read; staff only. */
  markedUnread: boolean
  /** The customer is not archived yet: offer it when the session is closed; staff only. */
  archiveDue: boolean
}

/** How the customer came. */
export type SessionChannel =
  /** Not set. */
  | 'CHANNEL_UNSPECIFIED'
  /** A registration link. */
  | 'LINK'
  /** The customers' page. */
  | 'WEB'
  /** Made by staff. */
  | 'STAFF'

/** Why the session was closed. */
export type SessionCloseReason =
  /** Not closed. */
  | 'CLOSE_REASON_UNSPECIFIED'
  /** By the agent or a supervisor. */
  | 'BY_STAFF'
  /** By the customer. */
  | 'BY_CUSTOMER'
  /** The customer said nothing for the time of the settings. */
  | 'CUSTOMER_IDLE'

/** The place in the queue. */
export interface SessionQueue {
  /** The number drawn, as `A017`. */
  number: string
  /** 1 is next. */
  position: number
  /** Least expected wait in seconds; -1 if unknown. */
  waitMinSeconds: number
  /** Most expected wait in seconds; -1 if unknown. */
  waitMaxSeconds: number
  /** Why it still waits; staff only. */
  waitReason: SessionWaitReason
}

/** What the customer thought of it. */
export interface SessionRating {
  /** 1 to 5. */
  score: number
  /** What was good or bad. */
  tags: string[]
  /** One sentence. */
  comment: string
  /** When. */
  createTime: string | null
}

/** Where the session stands. */
export type SessionStatus =
  /** Not set. */
  | 'STATUS_UNSPECIFIED'
  /** Waits in the queue. */
  | 'QUEUED'
  /** An agent serves it. */
  | 'ACTIVE'
  /** Over. */
  | 'CLOSED'
  /** The customer left a message; nobody serves it yet. */
  | 'MESSAGE_LEFT'

/** A transfer that waits for an answer. */
export interface SessionTransfer {
  /** Who asks. */
  fromAgentId: string
  /** Who is asked. */
  toAgentId: string
  /** The asked one's name. */
  toAgentName: string
  /** Why. */
  reason: string
  /** Until when the answer counts. */
  expireTime: string | null
}

/** Why a session still waits. */
export type SessionWaitReason =
  /** Does not wait, or not known to the caller. */
  | 'WAIT_REASON_UNSPECIFIED'
  /** No agent of the team is online. */
  | 'NOBODY_ONLINE'
  /** All agents of the team are full. */
  | 'ALL_FULL'
  /** The team is off duty. */
  | 'OFF_DUTY'
  /** An agent is free; the assignment is under way. */
  | 'ASSIGNING'

/** Sets the caller's state. */
export interface SetMyAgentStatusRequest {
  /** The state. */
  status: AgentStatus
}

/** The permissions of a role. */
export interface SetRolePermissionsRequest {
  /** The role. */
  id: string
  /** Permission codes. */
  permissions?: string[]
}

/** Basic settings (PRD 2.10.1). */
export interface Settings {
  /** The company's name, as customers see it. */
  companyName: string
  /** The time zone of the working calendar, as `Asia/Shanghai`. */
  timeZone: string
  /** The language of what Kefu writes by itself: `zh-CN` or `en`. */
  language: string
  /** The first line a customer reads in a new session. */
  welcomeMessage: string
  /** What a customer reads when nobody is on duty. */
  offDutyMessage: string
  /** Seconds for which a message can be recalled. */
  recallSeconds: number
  /** Last changed. */
  updateTime: string | null
  /** A customer is archived only after a review. */
  archiveReview: boolean
  /** The registration form suggests names of institutions that are customers already. */
  institutionSuggestions: boolean
}

/** Somebody's state. */
export interface StatusUpdate {
  /** Who. */
  principal: Principal | null
  /** The state of an agent; unspecified for a customer. */
  status: AgentStatus
  /** Connected now. */
  online: boolean
  /** The session it concerns; 0 for none. */
  sessionId: string
  /** Grows with time; the newest wins. */
  version: number
}

/** Asks for names of institutions. */
export interface SuggestInstitutionsRequest {
  /** The secret part of the link's address. */
  token: string
  /** What has been typed of the name. */
  keyword: string
}

/** Names of institutions. */
export interface SuggestInstitutionsResponse {
  /** The names, in order. */
  names: string[]
}

/** Takes a session over. */
export interface TakeOverSessionRequest {
  /** The session. */
  id: string
  /** Why. */
  reason?: string
}

/** A team. */
export interface Team {
  /** The id. */
  id: string
  /** The name, unique in the tenant. */
  name: string
  /** What the team does. */
  description: string
  /** The leader's user id; 0 for none. */
  leaderId: string
  /** Consultation types the team serves; empty for all (PRD 2.1.4). */
  problemTypes: string[]
  /** Skill tags. */
  skills: string[]
  /** When the team is on duty; empty for always. */
  workingHours: WorkingSpan[]
  /** Most sessions at once of one member in this team; 0 for the member's own maximum. */
  maxSessions: number
  /** Members. */
  memberCount: number
  /** Members who are online and present. */
  onlineCount: number
  /** Sessions that wait. */
  queuedCount: number
  /** Created. */
  createTime: string | null
  /** Last changed. */
  updateTime: string | null
}

/** A member of a team. */
export interface TeamMember {
  /** The user. */
  userId: string
  /** The name. */
  name: string
  /** The login name. */
  username: string
  /** Skill tags. */
  skills: string[]
  /** Most sessions at once. */
  maxSessions: number
  /** Sessions now. */
  activeSessions: number
  /** Online and present. */
  online: boolean
  /** Member since. */
  createTime: string | null
}

/** A transfer to ask for. */
export interface TransferSessionRequest {
  /** The session. */
  id: string
  /** Who is asked; 0 to let the strategy choose within the team. */
  agentId?: string
  /** The team to go to; 0 for the present one. */
  teamId?: string
  /** Why. */
  reason: string
}

/** The other side types. */
export interface Typing {
  /** The session. */
  sessionId: string
  /** Who types. */
  sender: Principal | null
}

/** Unlocks a user's login. */
export interface UnlockUserRequest {
  /** The user. */
  id: string
}

/** Takes the mark of unread back. */
export interface UnmarkSessionUnreadRequest {
  /** The session. */
  id: string
}

/** Changes the assignment settings. */
export interface UpdateAssignmentSettingsRequest {
  /** The strategy. */
  strategy?: AssignmentSettingsStrategy
  /** Customers may queue. */
  queueEnabled?: boolean
  /** Most customers waiting for one team; 0 for any number. */
  queueLimit?: number
  /** Seconds after an agent's last connection is gone until the sessions are taken away. */
  graceSeconds?: number
  /** Seconds in which a transfer must be accepted. */
  transferSeconds?: number
  /** Minutes without a word from the customer until the session is closed; 0 for never. */
  customerIdleMinutes?: number
  /** Minutes a customer waits for an answer until a reminder; 0 for never. */
  replyReminderMinutes?: number
  /** Minutes a customer waits for an answer until somebody else gets the session; 0 for never. */
  replyReassignMinutes?: number
}

/** Changes a customer. */
export interface UpdateCustomerRequest {
  /** The customer. */
  id: string
  /** Name. */
  name?: string
  /** Mobile phone, unique in the tenant. */
  phone?: string
  /** E-mail address; empty for none. */
  email?: string
  /** Institution. */
  institution?: string
  /** Position. */
  position?: string
  /** Phone number for emergencies. */
  emergencyPhone?: string
  /** Region. */
  region?: string
  /** Address. */
  address?: string
  /** Class. */
  level?: CustomerLevel
  /** What staff should know. */
  remark?: string
  /** Man or woman. */
  gender?: CustomerGender
  /** Telephone at the desk. */
  landline?: string
  /** Department. */
  department?: string
  /** The parts of the business the customer is in charge of. */
  businessModules?: string
  /** The institution's unified social credit code; empty for none. */
  creditCode?: string
  /** The institution's telephone. */
  institutionPhone?: string
  /** The team that serves the customer; 0 for none. */
  teamId?: string
}

/** Changes a quick reply. */
export interface UpdateQuickReplyRequest {
  /** The quick reply. */
  id: string
  /** The category. */
  category?: string
  /** The word that finds it. */
  shortcut?: string
  /** The title. */
  title?: string
  /** The text. */
  content?: string
  /** The files: those that the reply has stay what they are, of others it gets copies. */
  fileIds?: string[]
}

/** Changes a role. */
export interface UpdateRoleRequest {
  /** The role. */
  id: string
  /** The name, unique in the tenant. */
  name?: string
  /** What the role is for. */
  description?: string
  /** Whose data; SELF if left out by PUT. */
  dataScope?: RoleDataScope
  /** Permission codes. */
  permissions?: string[]
}

/** Changes the settings. */
export interface UpdateSettingsRequest {
  /** The company's name. */
  companyName?: string
  /** The time zone of the working calendar, an IANA name. */
  timeZone?: string
  /** The language: `zh-CN` or `en`. */
  language?: string
  /** The first line a customer reads. */
  welcomeMessage?: string
  /** What a customer reads when nobody is on duty. */
  offDutyMessage?: string
  /** Seconds for which a message can be recalled; 0 switches recall off. */
  recallSeconds?: number
  /** A customer is archived only after a review. */
  archiveReview?: boolean
  /** The registration form suggests names of institutions that are customers already. */
  institutionSuggestions?: boolean
}

/** Changes a team. */
export interface UpdateTeamRequest {
  /** The team. */
  id: string
  /** The name, unique in the tenant. */
  name?: string
  /** What the team does. */
  description?: string
  /** The leader's user id; 0 for none. */
  leaderId?: string
  /** Consultation types the team serves; empty for all. */
  problemTypes?: string[]
  /** Skill tags. */
  skills?: string[]
  /** When the team is on duty; empty for always. */
  workingHours?: WorkingSpan[]
  /** Most sessions at once of one member in this team; 0 for the member's own maximum. */
  maxSessions?: number
}

/** Changes the caller's account. */
export interface UpdateUserInfoRequest {
  /** The name to show. */
  name?: string
  /** E-mail address; empty for none. */
  email?: string
  /** The language of messages: `zh-CN` or `en`. */
  language?: string
  /** The avatar's file id; 0 for none. */
  avatarFileId?: string
}

/** Changes a user. */
export interface UpdateUserRequest {
  /** The user. */
  id: string
  /** The name to show. */
  name?: string
  /** Mobile phone, unique in the tenant; empty for none. */
  phone?: string
  /** E-mail address; empty for none. */
  email?: string
  /** Whether the user may log in. */
  status?: UserStatus
  /** The roles' ids. */
  roleIds?: string[]
  /** Most sessions at once. */
  maxSessions?: number
  /** Skill tags. */
  skills?: string[]
  /** A new first password, to be changed at the next login; empty keeps the present one. */
  password?: string
}

/** What is being uploaded. */
export interface UploadFileRequestMeta {
  /** The file's name. */
  name: string
  /** The session it belongs to; 0 for none. */
  sessionId?: string
}

/** A staff user. */
export interface User {
  /** The id. */
  id: string
  /** The login name, unique in the tenant. */
  username: string
  /** The name to show. */
  name: string
  /** Mobile phone, unique in the tenant if set. */
  phone: string
  /** E-mail address. */
  email: string
  /** Whether the user may log in. */
  status: UserStatus
  /** The roles' ids. */
  roleIds: string[]
  /** Most sessions at once (PRD 2.4.3.3). */
  maxSessions: number
  /** Skill tags, matched with a session's consultation type (PRD 2.4.3.1). */
  skills: string[]
  /** The password must be changed at the next login. */
  mustChangePassword: boolean
  /** The language of messages: `zh-CN` or `en`. */
  language: string
  /** The avatar's file id; 0 for none. */
  avatarFileId: string
  /** Created. */
  createTime: string | null
  /** Last changed. */
  updateTime: string | null
  /** Last login; absent before the first. */
  lastLoginTime: string | null
  /** Until when no password is tried, after too many wrong ones; absent if the login is not locked. */
  lockedUntil: string | null
}

/** The caller's own account. */
export interface UserInfo {
  /** Staff user or customer. */
  kind: PrincipalKind
  /** The id. */
  id: string
  /** The login name; empty for a customer. */
  username: string
  /** The name to show. */
  name: string
  /** Mobile phone. */
  phone: string
  /** E-mail address. */
  email: string
  /** Role codes. */
  roles: string[]
  /** Permission codes of all roles together. */
  permissions: string[]
  /** The tenant's name. */
  tenantName: string
  /** The tenant's code. */
  tenantCode: string
  /** The password must be changed before anything else. */
  mustChangePassword: boolean
  /** The language of messages. */
  language: string
  /** The avatar's file id; 0 for none. */
  avatarFileId: string
  /** Most sessions at once. */
  maxSessions: number
  /** Skill tags. */
  skills: string[]
}

/** Whether the user may log in. */
export type UserStatus =
  /** Not set. */
  | 'STATUS_UNSPECIFIED'
  /** May log in. */
  | 'ENABLED'
  /** May not. */
  | 'DISABLED'

/** Checks a link. */
export interface VerifyRegisterLinkRequest {
  /** The secret part of the address. */
  token: string
}

/** What the form shows. */
export interface VerifyRegisterLinkResponse {
  /** The company. */
  tenantName: string
  /** The team. */
  teamName: string
  /** The consultation type the link presets; empty for the customer's choice. */
  problemType: string
  /** The consultation types to choose from. */
  problemTypes: string[]
  /** Until when the link works. */
  expireTime: string | null
  /** Somebody is on duty now; otherwise the customer leaves a message. */
  onDuty: boolean
  /** The team, for a customer who is logged in already and asks again. */
  teamId: string
  /** Seconds for which a message can be recalled. */
  recallSeconds: number
}

/** The caller has a session open. */
export interface ViewSessionRequest {
  /** The session. */
  id: string
  /** Tells the caller's tabs and devices apart; one of them leaving is not all of them leaving. */
  clientId?: string
  /** It is closed again. */
  leave?: boolean
}

/** Who has a session open. */
export interface ViewSessionResponse {
  /** Who has it open. */
  viewers: Viewers | null
  /** Seconds for which what the caller has said holds. */
  expiresIn: number
}

/** The staff who have a session open at a time. */
export interface Viewers {
  /** The session. */
  sessionId: string
  /** Who they are, the caller among them. */
  list: Principal[]
  /** Grows with time; the newest wins. */
  version: number
}

/** A span of a weekday in which somebody is on duty. */
export interface WorkingSpan {
  /** 1 is Monday, 7 is Sunday. */
  weekday: number
  /** Start, minutes after midnight, in the tenant's time zone. */
  startMinute: number
  /** End, minutes after midnight; greater than the start. */
  endMinute: number
}

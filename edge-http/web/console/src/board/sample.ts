// Whole agents and sessions for tests, from the few fields a test is about.
import type { Agent, Session } from '@kefu/sdk'

/** An agent for a test: online and present, with room. */
export function sampleAgent(fields: Partial<Agent>): Agent {
  return {
    userId: '1',
    name: '李客服',
    status: 'ONLINE',
    present: true,
    statusTime: '2026-11-23T01:00:00Z',
    activeSessions: 0,
    maxSessions: 5,
    closedToday: 0,
    longestUnanswered: null,
    skills: [],
    teamIds: ['1'],
    ...fields,
  }
}

/** A session for a test: waiting in team 1. */
export function sampleSession(fields: Partial<Session>): Session {
  return {
    id: '1',
    status: 'QUEUED',
    channel: 'LINK',
    customerId: '1',
    customerName: '王芳',
    institution: '朝阳区第二社区卫生服务中心',
    vip: false,
    teamId: '1',
    teamName: '疾控产品组',
    agentId: '0',
    agentName: '',
    problemType: '',
    urgent: false,
    queue: null,
    transfer: null,
    lastSeq: 1,
    lastMessage: '打不开接种页面',
    lastMessageTime: null,
    customerDeliveredSeq: 0,
    customerReadSeq: 0,
    agentDeliveredSeq: 0,
    agentReadSeq: 0,
    unread: 1,
    markedUnread: false,
    unansweredSince: null,
    customerOnline: true,
    noteCount: 0,
    closeReason: 'CLOSE_REASON_UNSPECIFIED',
    summary: '',
    rating: null,
    version: 1,
    createTime: '2026-11-23T01:00:00Z',
    assignTime: null,
    closeTime: null,
    archiveDue: false,
    ...fields,
  }
}

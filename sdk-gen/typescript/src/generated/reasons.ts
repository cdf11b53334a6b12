// Generated from the contract by `sdk-gen typescript`; changes are lost.

/** Every reason for which a call can fail. */
export const ERROR_REASONS = [
  /** The server failed; the request id finds the cause in its log. */
  'INTERNAL',
  /** The database or another engine cannot be reached, or the server is shutting down; retry after the hint. */
  'UNAVAILABLE',
  /** A field is missing, malformed or out of range; the details name it. */
  'INVALID_ARGUMENT',
  /** No token, or one that is malformed, expired or revoked. */
  'UNAUTHENTICATED',
  /** The caller's roles lack the permission, or the method is not for this kind of caller. */
  'PERMISSION_DENIED',
  /** There is no such object, or it is not visible to the caller. */
  'NOT_FOUND',
  /** Another object already has this value. */
  'ALREADY_EXISTS',
  /** Too many calls; retry after the hint. */
  'TOO_MANY_REQUESTS',
  /** The object has changed meanwhile; read it again. */
  'CONFLICT',
  /** The route does not exist. */
  'ROUTE_NOT_FOUND',
  /** The body is over the limit. */
  'TOO_LARGE',
  /** The first password must be changed before anything else. */
  'PASSWORD_CHANGE_REQUIRED',
  /** User name or password is wrong, or the account is disabled. */
  'BAD_CREDENTIALS',
  /** The phone code is wrong, used, expired, or was tried too often. */
  'CODE_INVALID',
  /** The registration link is wrong, revoked or used up. */
  'LINK_INVALID',
  /** The registration link has expired. */
  'LINK_EXPIRED',
  /** The session is closed. */
  'SESSION_CLOSED',
  /** The session is not in the state that the operation needs. */
  'SESSION_STATE',
  /** The agent is offline, away, or not present. */
  'AGENT_UNAVAILABLE',
  /** The agent has reached the maximum of concurrent sessions. */
  'AGENT_FULL',
  /** The queue is full. */
  'QUEUE_FULL',
  /** The message can no longer be recalled. */
  'RECALL_EXPIRED',
  /** The session was rated already. */
  'ALREADY_RATED',
  /** The file's type is not allowed, or its content is not what its name says. */
  'FILE_TYPE',
  /** The file waits for its virus scan, or did not pass it. */
  'FILE_NOT_CLEAN',
  /** The object is in use and cannot be removed. */
  'IN_USE',
  /** The requested byte range is not within the file. */
  'RANGE_INVALID',
  /** The route exists, but not with this HTTP verb. */
  'METHOD_NOT_ALLOWED',
  /** The body's content type is not supported. */
  'UNSUPPORTED_MEDIA_TYPE',
  /** The caller would remove the last administrator, or disable or delete themselves. */
  'LAST_ADMINISTRATOR',
  /** A preset role is kept up to date by Kefu; copy it to change it. */
  'PRESET_ROLE',
  /** The caller would give, or take charge of, what goes beyond the caller's own permissions or data scope. */
  'EXCEEDS_OWN_RIGHTS',
  /** The customer is archived already, or waits for the review; or the review is over. */
  'ARCHIVE_STATE',
] as const

/** Why a call failed; stable, for programs. */
export type ErrorReason = (typeof ERROR_REASONS)[number]

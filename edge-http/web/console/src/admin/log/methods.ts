// The methods that leave a row in the operation log, by service: the contract marks them with `audit`.
const BY_SERVICE: Record<string, readonly string[]> = {
  'kefu.session.v1.SessionService': [
    'CreateSession',
    'CloseSession',
    'AssignSession',
    'BatchAssignSessions',
    'ReassignSession',
    'TakeOverSession',
    'PrioritizeSession',
    'TransferSession',
    'AcceptTransfer',
    'DeclineTransfer',
    'RecallMessage',
    'CreateNote',
    'LeaveMessage',
    'RateSession',
  ],
  'kefu.customer.v1.CustomerService': [
    'Register',
    'CreateCustomer',
    'UpdateCustomer',
    'DeleteCustomer',
    'RestoreCustomer',
    'CreateRegisterLinks',
    'RevokeRegisterLink',
    'RestoreRegisterLink',
    'ArchiveCustomer',
    'ApproveArchive',
    'RejectArchive',
  ],
  'kefu.team.v1.TeamService': [
    'CreateTeam',
    'UpdateTeam',
    'DeleteTeam',
    'RestoreTeam',
    'AddTeamMembers',
    'RemoveTeamMember',
  ],
  'kefu.user.v1.UserService': [
    'CreateUser',
    'UpdateUser',
    'DeleteUser',
    'RestoreUser',
    'UpdateUserInfo',
    'ChangePassword',
    'UnlockUser',
  ],
  'kefu.user.v1.RoleService': ['CreateRole', 'UpdateRole', 'DeleteRole', 'RestoreRole', 'SetRolePermissions'],
  'kefu.user.v1.AuthService': ['Login', 'LoginByPhone', 'Logout', 'ResetPassword'],
  'kefu.settings.v1.SettingsService': [
    'UpdateSettings',
    'UpdateAssignmentSettings',
    'CreateQuickReply',
    'UpdateQuickReply',
    'DeleteQuickReply',
    'RestoreQuickReply',
  ],
  'kefu.file.v1.FileService': ['UploadFile'],
}

/** The logged methods by their full names, as `kefu.team.v1.TeamService/CreateTeam`. */
export const LOGGED_METHODS: readonly string[] = Object.entries(BY_SERVICE).flatMap(([service, names]) =>
  names.map((name) => `${service}/${name}`),
)

/** The name of a method without its service. */
export function methodName(method: string): string {
  return method.split('/')[1] ?? method
}

use kefu_proto::contract;

use super::files;
use crate::operation::operation_id;

#[test]
fn the_written_files_are_current() {
    let files = files();
    let written = [
        ("client.ts", include_str!("../../typescript/src/generated/client.ts")),
        ("permissions.ts", include_str!("../../typescript/src/generated/permissions.ts")),
        ("reasons.ts", include_str!("../../typescript/src/generated/reasons.ts")),
        ("types.ts", include_str!("../../typescript/src/generated/types.ts")),
    ];
    assert_eq!(files.len(), written.len());
    for (name, text) in written {
        assert!(files[name] == text, "{name}: run `cargo run -p kefu-sdk-gen -- typescript`");
    }
}

#[test]
fn every_route_is_a_method_and_nothing_internal_is() {
    let client = &files()["client.ts"];
    for method in contract::methods().values() {
        for index in 0..method.routes.len() {
            let id = operation_id(method, index);
            assert_eq!(client.matches(&format!("\n  {id}(request")).count(), 1, "{id}");
        }
    }
    assert!(!client.contains("openConnection") && !files()["types.ts"].contains("WatchRequest"));
}

#[test]
fn what_is_given_and_what_may_be_left_out() {
    let types = &files()["types.ts"];
    let part = |name: &str| {
        let from = types.find(&format!("export interface {name} {{")).unwrap_or_else(|| panic!("{name}"));
        types[from..].split("\n}").next().unwrap_or_default().to_owned()
    };
    let send = part("SendMessageRequest");
    assert!(send.contains(" id: string") && send.contains(" clientMsgId: string") && send.contains(" fileId?: string"));
    let session = part("Session");
    assert!(session.contains(" version: number") && session.contains(" closeTime: string | null"));
    assert!(session.contains(" queue: SessionQueue | null"));
    assert!(part("File_").contains(" size: number"));
    assert!(part("Frame").contains(" message?: MessageFrame"));
    assert!(!types.contains("updateMask"));
}

#[test]
fn calls_say_how_they_travel() {
    let client = &files()["client.ts"];
    for line in [
        "login(request: t.LoginRequest, options?: CallOptions): Promise<t.LoginResponse> {\n    return this.call('POST', '/api/v1/auth/login', request, options, true)",
        "listSessions(request: t.ListSessionsRequest = {}, options?: CallOptions)",
        "logout(request: t.LogoutRequest = {}, options?: CallOptions): Promise<void>",
        "updateUserPatch(request: Partial<t.UpdateUserRequest> & Pick<t.UpdateUserRequest, 'id'>, options?",
        "downloadFile(request: t.DownloadFileRequest, options?: CallOptions): Promise<Blob>",
        "return this.call('POST', '/api/v1/sessions/{id}/messages/{messageId}/recall', request, options)",
    ] {
        assert!(client.contains(line), "{line}");
    }
}

#[test]
fn reasons_and_permissions_are_all_there() {
    let files = files();
    assert!(files["reasons.ts"].contains("'RECALL_EXPIRED'") && !files["reasons.ts"].contains("UNSPECIFIED"));
    for code in contract::permissions() {
        assert!(files["permissions.ts"].contains(&format!(": '{code}',")), "{code}");
    }
    assert!(files["permissions.ts"].contains("  SESSION_READ_ASSIGNMENT: 'session:read-assignment',"));
}

#[test]
fn where_the_request_goes_follows_from_the_verb() {
    let methods = contract::methods().values().filter(|method| !method.descriptor.is_client_streaming());
    for route in methods.flat_map(|method| &method.routes) {
        assert_eq!(route.has_body, !["GET", "DELETE"].contains(&route.verb), "{} {}", route.verb, route.path);
    }
}

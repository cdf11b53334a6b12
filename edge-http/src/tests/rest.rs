//! JSON in, JSON out.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::Body;
use kefu_proto::common::v1::{Empty, ErrorReason};
use kefu_proto::error::{Problem, Violation};
use kefu_proto::session::v1::{
    GetSessionRequest, ListSessionsRequest, ListSessionsResponse, SendMessageRequest, Session, session,
};
use kefu_proto::user::v1::{UpdateUserRequest, User};
use kefu_proto::{contract, error};
use serde_json::json;
use tonic::Status;

use super::{Fixture, ok, request};
use crate::Options;

#[tokio::test]
async fn an_answer_stands_in_the_envelope() {
    let edge = Fixture::new(|_| ok(&Session { id: 7, ..Session::default() }));
    let received = edge.get("/api/v1/sessions/7").await;
    assert_eq!(received.status, 200);
    let body = received.json();
    assert_eq!(body["code"], 200);
    assert_eq!(body["message"], "success");
    assert_eq!(body["data"]["id"], "7");
    assert!(body["timestamp"].as_i64().unwrap() > 1_700_000_000_000);
    assert_eq!(body["requestId"], received.header("x-request-id"));
    assert_eq!(edge.last().path, "/kefu.session.v1.SessionService/GetSession");
    assert_eq!(edge.last().message::<GetSessionRequest>().id, 7);
}

#[tokio::test]
async fn nothing_is_an_empty_object() {
    let edge = Fixture::new(|_| ok(&Empty {}));
    let body = edge.json("POST", "/api/v1/sessions/7/typing", "").await.json();
    assert_eq!(body["data"], json!({}));
}

#[tokio::test]
async fn the_query_fills_the_request() {
    let edge = Fixture::new(|_| ok(&ListSessionsResponse::default()));
    let path =
        "/api/v1/sessions?page=2&status=QUEUED&status=ACTIVE&keyword=%E6%89%93%E5%8D%B0+a%2Bb&mine=true&teamId=9";
    let received = edge.get(path).await;
    assert_eq!(received.status, 200, "{received:?}");
    assert_eq!(received.json()["data"]["list"], json!([]));
    let asked: ListSessionsRequest = edge.last().message();
    assert_eq!((asked.page, asked.team_id, asked.mine), (2, 9, true));
    assert_eq!(asked.status, [session::Status::Queued as i32, session::Status::Active as i32]);
    assert_eq!(asked.keyword, "打印 a+b");
}

#[tokio::test]
async fn what_is_wrong_in_the_query_is_named() {
    let edge = Fixture::new(|_| ok(&ListSessionsResponse::default()));
    let received = edge.get("/api/v1/sessions?page=x&page=1&size=1&size=2&tenantId=3&status=NONE&keyword=%FF").await;
    assert_eq!(received.status, 400);
    assert_eq!(received.fields(), ["page", "page", "size", "tenantId", "status", "keyword"]);
    assert!(edge.calls().is_empty());
    let received = edge.json("POST", "/api/v1/sessions/7/typing?id=8", "{}").await;
    assert_eq!(received.fields(), ["id"]);
}

#[tokio::test]
async fn what_is_wrong_in_the_body_is_named_in_both_languages() {
    let edge = Fixture::new(|_| ok(&Empty {}));
    let body = r#"{"clientMsgId": 5, "content": "x", "seq": 9, "id": "8"}"#;
    let received = edge.json("POST", "/api/v1/sessions/7/messages", body).await;
    assert_eq!(received.status, 400);
    let answer = received.json();
    assert_eq!(answer["reason"], "INVALID_ARGUMENT");
    assert_eq!(answer["message"], "请求参数有误");
    assert!(answer["data"].is_null());
    let fields: BTreeSet<String> = received.fields().into_iter().collect();
    assert_eq!(fields, BTreeSet::from(["id", "clientMsgId", "seq"].map(str::to_owned)));
    let details = answer["details"].as_array().unwrap();
    assert!(details.contains(&json!({"field": "seq", "reason": "未知字段"})), "{details:?}");

    let english = request("POST", "/api/v1/sessions/7/messages")
        .header("content-type", "application/json; charset=utf-8")
        .header("accept-language", "en-GB,en;q=0.9,zh;q=0.1");
    let answer = edge.send(english.body(Body::from(r#"{"seq": 9}"#)).unwrap()).await.json();
    assert_eq!(answer["message"], "The request has invalid fields");
    assert_eq!(answer["details"], json!([{"field": "seq", "reason": "is not a known field"}]));
    assert!(edge.calls().is_empty());
}

#[tokio::test]
async fn bodies_that_are_no_json_objects() {
    let edge = Fixture::new(|_| ok(&Empty {}));
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    for body in ["{", "[1]", "\"text\"", "null", "{} {}", &deep] {
        let received = edge.json("POST", "/api/v1/sessions/7/messages", body).await;
        assert_eq!(received.status, 400, "{body}");
        assert_eq!(received.fields(), [""], "{body}");
    }
    let plain = request("POST", "/api/v1/sessions/7/messages").header("content-type", "text/plain");
    let received = edge.send(plain.body(Body::from("{}")).unwrap()).await;
    assert_eq!(received.status, 415);
    assert_eq!(received.json()["reason"], "UNSUPPORTED_MEDIA_TYPE");
    assert!(received.json()["message"].as_str().unwrap().contains("application/json"));
}

#[tokio::test]
async fn a_body_over_the_limit() {
    let edge = Fixture::with(&Options { max_body_bytes: 64, ..Options::default() }, |_| ok(&Empty {}));
    let long = format!(r#"{{"content": "{}"}}"#, "x".repeat(100));
    let received = edge.json("POST", "/api/v1/sessions/7/messages", &long).await;
    assert_eq!((received.status.as_u16(), received.json()["reason"].as_str()), (413, Some("TOO_LARGE")));
    // Without a length in the head, too.
    let pieces = futures_util::stream::iter(["x".repeat(50), "x".repeat(50)].map(Ok::<_, std::io::Error>));
    let request = request("POST", "/api/v1/sessions/7/messages").header("content-type", "application/json");
    let received = edge.send(request.body(Body::from_stream(pieces)).unwrap()).await;
    assert_eq!(received.status, 413);
}

#[tokio::test]
async fn patch_names_what_is_present_and_put_replaces() {
    let edge = Fixture::new(|_| ok(&User::default()));
    edge.json("PATCH", "/api/v1/users/3", r#"{"name": "王", "maxSessions": 0, "phone": null}"#).await;
    let asked: UpdateUserRequest = edge.last().message();
    assert_eq!((asked.id, asked.name.as_str()), (3, "王"));
    let mut paths = asked.update_mask.unwrap().paths;
    paths.sort();
    assert_eq!(paths, ["max_sessions", "name", "phone"]);

    edge.json("PATCH", "/api/v1/users/3", "{}").await;
    let asked: UpdateUserRequest = edge.last().message();
    assert_eq!(asked.update_mask.map(|mask| mask.paths), Some(Vec::new()));

    edge.json("PUT", "/api/v1/users/3", r#"{"name": "王"}"#).await;
    assert_eq!(edge.last().message::<UpdateUserRequest>().update_mask, None);

    for verb in ["PUT", "PATCH"] {
        let received = edge.json(verb, "/api/v1/users/3", r#"{"updateMask": "name"}"#).await;
        assert_eq!(received.fields(), ["updateMask"], "{verb}");
    }
}

#[tokio::test]
async fn static_segments_win_and_verbs_are_told_apart() {
    let edge = Fixture::new(|_| ok(&Session::default()));
    edge.get("/api/v1/sessions/unassigned").await;
    assert!(edge.last().path.ends_with("/ListUnassignedSessions"));
    edge.get("/api/v1/sessions/12").await;
    assert!(edge.last().path.ends_with("/GetSession"));

    let received = edge.json("DELETE", "/api/v1/users", "").await;
    assert_eq!(received.status, 405);
    assert_eq!(received.json()["reason"], "METHOD_NOT_ALLOWED");
    let allow: BTreeSet<&str> = received.header("allow").split(", ").collect();
    assert_eq!(allow, BTreeSet::from(["GET", "HEAD", "POST"]));

    for path in ["/api/v1/nothing", "/api/v1/sessions/", "/api/v2/sessions", "/api", "/kefu.no.v1.Service/Call"] {
        let received = edge.get(path).await;
        assert_eq!(received.status, 404, "{path}");
        assert_eq!(received.json()["reason"], "ROUTE_NOT_FOUND", "{path}");
    }
    let received = edge.get("/api/v1/sessions/abc").await;
    assert_eq!((received.status.as_u16(), received.fields()), (400, vec!["id".to_owned()]));
}

#[test]
fn every_route_is_found_and_none_shadows_another() {
    let routes = crate::route::Routes::from_contract();
    for method in contract::methods().values() {
        for route in &method.routes {
            assert!(route.path.starts_with("/api/v1/"), "{}", route.path);
            let verb = route.verb.parse().unwrap();
            let path = route.path.replace(['{', '}'], "");
            let found = routes.find(&verb, &path).unwrap().route;
            assert_eq!((&found.method.path, found.verb), (&method.path, route.verb), "{path}");
            for variable in &found.variables {
                let input = method.descriptor.input();
                assert!(input.get_field_by_name(variable).is_some(), "{}: no field {variable}", method.path);
            }
        }
        let (input, output) = (method.descriptor.input(), method.descriptor.output());
        if !method.routes.is_empty() && method.descriptor.is_client_streaming() {
            assert!(["meta", "chunk"].iter().all(|name| input.get_field_by_name(name).is_some()), "{}", method.path);
        } else if !method.routes.is_empty() && method.descriptor.is_server_streaming() {
            assert!(["meta", "chunk"].iter().all(|name| output.get_field_by_name(name).is_some()), "{}", method.path);
        }
    }
}

#[tokio::test]
async fn errors_of_the_core_keep_their_reason_fields_and_hint() {
    let edge = Fixture::new(|call| {
        let asked: GetSessionRequest = call.message();
        let wrong = vec![Violation::new("team_id", "not_found", "")];
        Err(match asked.id {
            1 => Problem::new(ErrorReason::NotFound).with("object", "session").into_status(),
            2 => Problem::new(ErrorReason::InvalidArgument).violations(wrong).into_status(),
            3 => Problem::new(ErrorReason::TooManyRequests)
                .with("seconds", 3)
                .retry_after(Duration::from_millis(2100))
                .into_status(),
            4 => Problem::new(ErrorReason::Unauthenticated).into_status(),
            5 => Problem::new(ErrorReason::SessionClosed).into_status(),
            6 => Problem::new(ErrorReason::Unavailable).into_status(),
            7 => Status::internal("password=secret"),
            8 => Status::unknown("SELECT secret"),
            9 => Status::unavailable("tcp connect error: secret"),
            _ => Status::out_of_range("secret: message length too large"),
        })
    });
    let expected = [
        (1, 404, "NOT_FOUND", ""),
        (2, 400, "INVALID_ARGUMENT", ""),
        (3, 429, "TOO_MANY_REQUESTS", "3"),
        (4, 401, "UNAUTHENTICATED", ""),
        (5, 409, "SESSION_CLOSED", ""),
        (6, 503, "UNAVAILABLE", "1"),
        (7, 500, "INTERNAL", ""),
        (8, 500, "INTERNAL", ""),
        (9, 503, "UNAVAILABLE", "1"),
        (10, 500, "INTERNAL", ""),
    ];
    for (id, status, reason, retry) in expected {
        let received = edge.get(&format!("/api/v1/sessions/{id}")).await;
        let body = received.json();
        assert_eq!((received.status.as_u16(), body["reason"].as_str()), (status, Some(reason)), "{id}");
        assert_eq!(body["code"], status);
        assert_eq!(received.header("retry-after"), retry, "{id}");
        assert!(!body.to_string().contains("secret"), "{body}");
        match id {
            1 => assert_eq!(body["message"], "未找到会话"),
            2 => assert_eq!(body["details"], json!([{"field": "teamId", "reason": "不存在"}])),
            4 => assert_eq!(received.header("www-authenticate"), "Bearer"),
            _ => {}
        }
    }
}

#[test]
fn every_reason_has_its_http_status() {
    let caller = crate::caller::Caller::of(&request("GET", "/").body(Body::empty()).unwrap(), &[]);
    let reasons = contract::pool().get_enum_by_name("kefu.common.v1.ErrorReason").unwrap();
    for value in reasons.values().filter(|value| value.number() != 0) {
        let reason = ErrorReason::try_from(value.number()).unwrap();
        let response = crate::envelope::failure(Problem::new(reason).into_status(), &caller);
        let expected: &[u16] = match reason {
            ErrorReason::Internal => &[500],
            ErrorReason::Unavailable => &[503],
            ErrorReason::TooLarge => &[413],
            ErrorReason::RangeInvalid => &[416],
            ErrorReason::UnsupportedMediaType => &[415],
            ErrorReason::MethodNotAllowed => &[405],
            ErrorReason::RouteNotFound | ErrorReason::LinkInvalid | ErrorReason::NotFound => &[404],
            _ => &[400, 401, 403, 409, 429],
        };
        assert!(expected.contains(&response.status().as_u16()), "{reason:?}: {}", response.status());
        assert_eq!(error::reason_of(&Problem::new(reason).into_status()), reason);
    }
}

#[tokio::test]
async fn a_repeated_message_of_the_client_is_passed_as_it_is() {
    let edge = Fixture::new(|_| ok(&Empty {}));
    let body = r#"{"clientMsgId": "a-1", "content": "<b>你好</b>\u0001", "contentType": "TEXT", "fileId": "0"}"#;
    edge.json("POST", "/api/v1/sessions/7/messages", body).await;
    let asked: SendMessageRequest = edge.last().message();
    assert_eq!((asked.id, asked.client_msg_id.as_str(), asked.content.as_str()), (7, "a-1", "<b>你好</b>\u{1}"));
}

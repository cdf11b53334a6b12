//! Bare servers of HTTP and gRPC: handlers that make one query through sqlx, and one that makes none.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use axum::body::Body;
use axum::extract::{Json, Path as Segments, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Router, response};
use kefu_proto::customer::v1::{Customer, GetCustomerRequest};
use kefu_proto::session::v1::{GetSessionRequest, Message, SendMessageRequest, SendMessageResponse, Session};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sea_orm::sqlx::{self, Row as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tonic::server::Grpc;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

/// Connections that read, as many as Kefu has by default.
const READERS: u32 = 10;

/// A database as Kefu has it: one connection writes, some read.
#[derive(Debug)]
struct Database {
    read: SqlitePool,
    write: SqlitePool,
}

impl Database {
    async fn make(folder: &Path) -> Result<Arc<Self>> {
        let options = SqliteConnectOptions::new()
            .filename(folder.join("reference.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        for sql in [
            "CREATE TABLE customer (id INTEGER PRIMARY KEY, tenant_id INTEGER, name TEXT, phone TEXT, email TEXT, \
             institution TEXT, position TEXT, emergency_phone TEXT, region TEXT, address TEXT, level INTEGER, \
             archive_status INTEGER, remark TEXT, session_count INTEGER, team_id INTEGER, deleted INTEGER)",
            "INSERT INTO customer VALUES (1, 1, '张医生', '13900000000', '', '朝阳区疾控中心', '科员', '010-12345678', \
             '', '', 1, 1, '', 1, 1, 0)",
            "CREATE TABLE message (id INTEGER PRIMARY KEY, session_id INTEGER, client_msg_id TEXT, content TEXT)",
            "CREATE UNIQUE INDEX by_id ON message (session_id, client_msg_id)",
        ] {
            sqlx::query(sql).execute(&write).await?;
        }
        let read = SqlitePoolOptions::new().max_connections(READERS).connect_with(options).await?;
        Ok(Arc::new(Self { read, write }))
    }

    async fn customer(&self, id: i64) -> Result<Option<Customer>, sqlx::Error> {
        let query = sqlx::query("SELECT * FROM customer WHERE tenant_id = ? AND id = ? AND deleted = 0");
        query.bind(1).bind(id).fetch_optional(&self.read).await?.map(|row| customer(&row)).transpose()
    }

    async fn store(&self, session: i64, client_msg_id: &str, content: &str) -> Result<i64, sqlx::Error> {
        let insert = sqlx::query("INSERT INTO message (session_id, client_msg_id, content) VALUES (?, ?, ?)");
        let stored = insert.bind(session).bind(client_msg_id).bind(content).execute(&self.write).await?;
        Ok(stored.last_insert_rowid())
    }
}

fn customer(row: &SqliteRow) -> Result<Customer, sqlx::Error> {
    Ok(Customer {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        phone: row.try_get("phone")?,
        email: row.try_get("email")?,
        institution: row.try_get("institution")?,
        position: row.try_get("position")?,
        emergency_phone: row.try_get("emergency_phone")?,
        region: row.try_get("region")?,
        address: row.try_get("address")?,
        level: row.try_get("level")?,
        archive_status: row.try_get("archive_status")?,
        remark: row.try_get("remark")?,
        session_count: row.try_get("session_count")?,
        team_id: row.try_get("team_id")?,
        ..Customer::default()
    })
}

/// Serves HTTP.
///
/// # Errors
/// It cannot listen, or the database cannot be made.
pub async fn axum(folder: &Path) -> Result<()> {
    let router = Router::new()
        .route("/api/v1/customers/{id}", get(read))
        .route("/api/v1/sessions/{id}", get(async || Json(json!({"data": "hello"}))))
        .route("/api/v1/sessions/{id}/messages", post(store))
        .with_state(Database::make(folder).await?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    super::ready(listener.local_addr()?)?;
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        // A connection that cannot be told is only slower.
        drop(stream.set_nodelay(true));
    });
    Ok(axum::serve(listener, router).await?)
}

type Answer = response::Result<Json<Value>, StatusCode>;

async fn read(State(database): State<Arc<Database>>, Segments(id): Segments<i64>) -> Answer {
    let found = database.customer(id).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let found = found.ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(json!({"code": 200, "message": "success", "data": {
        "id": found.id.to_string(), "name": found.name, "phone": found.phone, "email": found.email,
        "institution": found.institution, "position": found.position, "emergencyPhone": found.emergency_phone,
        "region": found.region, "address": found.address, "level": found.level,
        "archiveStatus": found.archive_status, "remark": found.remark, "sessionCount": found.session_count,
        "teamId": found.team_id.to_string(),
    }})))
}

async fn store(
    State(database): State<Arc<Database>>,
    Segments(session): Segments<i64>,
    Json(message): Json<Value>,
) -> Answer {
    let text = |name: &str| message[name].as_str().ok_or(StatusCode::BAD_REQUEST);
    let (client_msg_id, content) = (text("clientMsgId")?, text("content")?);
    let id = database.store(session, client_msg_id, content).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(json!({"code": 200, "message": "success", "data": {"message": {
        "id": id.to_string(), "sessionId": session.to_string(), "clientMsgId": client_msg_id, "content": content,
    }}})))
}

/// Serves gRPC.
///
/// # Errors
/// It cannot listen, or the database cannot be made.
pub async fn tonic(folder: &Path) -> Result<()> {
    let router = Router::new()
        .route("/kefu.customer.v1.CustomerService/GetCustomer", post(grpc_read))
        .route("/kefu.session.v1.SessionService/GetSession", post(grpc_hello))
        .route("/kefu.session.v1.SessionService/SendMessage", post(grpc_store))
        .with_state(Database::make(folder).await?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    super::ready(listener.local_addr()?)?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let routes = tonic::service::Routes::from(router);
    Ok(tonic::transport::Server::builder().add_routes(routes).serve_with_incoming(incoming).await?)
}

type Call = http::Request<Body>;
type Answered = http::Response<tonic::body::Body>;

async fn grpc_read(State(database): State<Arc<Database>>, call: Call) -> Answered {
    let handler = tower::service_fn(async |request: Request<GetCustomerRequest>| {
        let found = database.customer(request.get_ref().id).await.map_err(|e| Status::internal(e.to_string()))?;
        found.map(Response::new).ok_or_else(|| Status::not_found("customer"))
    });
    Grpc::new(ProstCodec::<Customer, GetCustomerRequest>::default()).unary(handler, call).await
}

async fn grpc_hello(call: Call) -> Answered {
    let handler = tower::service_fn(async |request: Request<GetSessionRequest>| {
        Ok::<_, Status>(Response::new(Session { id: request.get_ref().id, ..Session::default() }))
    });
    Grpc::new(ProstCodec::<Session, GetSessionRequest>::default()).unary(handler, call).await
}

async fn grpc_store(State(database): State<Arc<Database>>, call: Call) -> Answered {
    let handler = tower::service_fn(async |request: Request<SendMessageRequest>| {
        let SendMessageRequest { id: session_id, client_msg_id, content, .. } = request.into_inner();
        let stored = database.store(session_id, &client_msg_id, &content).await;
        let id = stored.map_err(|e| Status::internal(e.to_string()))?;
        let message = Some(Message { id, session_id, client_msg_id, content, ..Message::default() });
        Ok::<_, Status>(Response::new(SendMessageResponse { message, duplicate: false }))
    });
    Grpc::new(ProstCodec::<SendMessageResponse, SendMessageRequest>::default()).unary(handler, call).await
}

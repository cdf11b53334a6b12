//! The REST client.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::header::HeaderMap;
use reqwest::multipart::{Form, Part};
use serde_json::{Map, Value as Json, json};

/// A caller of the REST surface, with or without a token.
#[derive(Debug, Clone)]
pub struct Rest {
    base: String,
    client: reqwest::Client,
    /// The access token.
    pub token: Option<String>,
    /// The refresh token that came with it.
    pub refresh_token: Option<String>,
}

/// An answer with its envelope.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, read as JSON; a string if it is something else.
    pub envelope: Json,
    call: String,
}

impl Answer {
    /// The data of a call that worked.
    ///
    /// # Errors
    /// It did not work.
    pub fn data(&self) -> Result<&Json> {
        ensure!(self.status == 200, "{}: {} {}", self.call, self.status, self.envelope);
        Ok(&self.envelope["data"])
    }

    /// A field of the data, as text.
    ///
    /// # Errors
    /// The call did not work, or the field is not a string.
    pub fn text(&self, field: &str) -> Result<String> {
        let data = self.data()?;
        let found = data.pointer(&format!("/{}", field.replace('.', "/"))).and_then(Json::as_str);
        Ok(found.with_context(|| format!("{}: no {field} in {data}", self.call))?.to_owned())
    }

    /// Demands that the call was refused in this way.
    ///
    /// # Errors
    /// It was not.
    pub fn refused(&self, status: u16, reason: &str) -> Result<&Self> {
        ensure!(
            self.status == status && self.reason() == reason,
            "{}: expected {status} {reason}, got {} {}",
            self.call,
            self.status,
            self.envelope
        );
        Ok(self)
    }

    /// The reason of an error.
    pub fn reason(&self) -> &str {
        self.envelope["reason"].as_str().unwrap_or_default()
    }

    /// The fields an error names.
    pub fn fields(&self) -> Vec<&str> {
        let details = self.envelope["details"].as_array();
        details.into_iter().flatten().filter_map(|d| d["field"].as_str()).collect()
    }
}

impl Rest {
    /// A caller without a token; `address` is host and port.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(address: &str) -> Result<Self> {
        // The only failure is that another test of the process was first.
        drop(rustls::crypto::ring::default_provider().install_default());
        // A server that is started again on the same port has closed what was idle: old connections are not used.
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .pool_idle_timeout(Duration::from_secs(5))
            .build()?;
        Ok(Self { base: format!("http://{address}/api/v1"), client, token: None, refresh_token: None })
    }

    /// The same server without a token.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self { token: None, refresh_token: None, ..self.clone() }
    }

    /// The same server with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), refresh_token: None, ..self.clone() }
    }

    /// Takes the tokens of a login answer.
    ///
    /// # Errors
    /// There are none.
    pub fn sign_in(&mut self, login: &Json) -> Result<()> {
        let token = |name: &str| login[name].as_str().map(str::to_owned);
        self.token = Some(token("accessToken").with_context(|| format!("no token in {login}"))?);
        self.refresh_token = token("refreshToken");
        Ok(())
    }

    /// Logs in with name and password.
    ///
    /// # Errors
    /// It does not work.
    pub async fn login(&mut self, tenant: &str, username: &str, password: &str) -> Result<Answer> {
        let body = json!({"tenantCode": tenant, "username": username, "password": password});
        let answer = self.anonymous().post("/auth/login", body).await?;
        self.sign_in(answer.data()?)?;
        Ok(answer)
    }

    /// Exchanges the refresh token.
    ///
    /// # Errors
    /// It does not work.
    pub async fn refresh(&mut self) -> Result<()> {
        let answer = self.anonymous().post("/auth/refresh", json!({"refreshToken": self.refresh_token})).await?;
        self.sign_in(answer.data()?)
    }

    /// A request below the base, with the token.
    pub fn request(&self, verb: &str, path: &str) -> reqwest::RequestBuilder {
        let verb = reqwest::Method::from_bytes(verb.as_bytes()).unwrap_or_default();
        let request = self.client.request(verb, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the envelope.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer> {
        let request = request.build()?;
        let call = format!("{} {}", request.method(), request.url().path());
        let response = self.client.execute(request).await.with_context(|| call.clone())?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.with_context(|| call.clone())?;
        let envelope =
            serde_json::from_slice(&body).unwrap_or_else(|_| Json::String(String::from_utf8_lossy(&body).into_owned()));
        Ok(Answer { status, headers, envelope, call })
    }

    /// Calls a path with a JSON body, if any.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn call(&self, verb: &str, path: &str, body: Option<Json>) -> Result<Answer> {
        let request = self.request(verb, path);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        self.send(request).await
    }

    /// Asks a probe, which is not below the base.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn probe(&self, path: &str) -> Result<Answer> {
        let base = self.base.trim_end_matches("/api/v1");
        self.send(self.client.get(format!("{base}{path}"))).await
    }

    /// Calls a path with query parameters.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn query(&self, verb: &str, path: &str, pairs: &[(String, String)]) -> Result<Answer> {
        self.send(self.request(verb, path).query(pairs)).await
    }

    /// `GET`.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.call("GET", path, None).await
    }

    /// `POST`.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn post(&self, path: &str, body: Json) -> Result<Answer> {
        self.call("POST", path, Some(body)).await
    }

    /// `PUT`.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn put(&self, path: &str, body: Json) -> Result<Answer> {
        self.call("PUT", path, Some(body)).await
    }

    /// Uploads a file with the fields of its `meta`.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn upload(&self, path: &str, meta: &Map<String, Json>, name: &str, content: Vec<u8>) -> Result<Answer> {
        let mut form = Form::new();
        for (field, value) in meta {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            form = form.text(field.clone(), text);
        }
        let form = form.part("file", Part::bytes(content).file_name(name.to_owned()));
        self.send(self.request("POST", path).multipart(form)).await
    }
}

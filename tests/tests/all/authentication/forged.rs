//! The table of forged tokens.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value as Json, json};

use super::{Bad, part};

/// The claims of a token.
pub(super) fn claims(token: &str) -> Result<Json> {
    let payload = token.split('.').nth(1).context("no claims")?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?)
}

/// Claims signed as Kefu signs them.
pub(super) fn signed(claims: &Json, key: &str) -> Result<String> {
    sign(&header("HS256"), &claims.to_string(), key, Algorithm::HS256)
}

fn header(algorithm: &str) -> Json {
    json!({"typ": "JWT", "alg": algorithm})
}

fn sign(header: &Json, claims: &str, key: &str, algorithm: Algorithm) -> Result<String> {
    let text = format!("{}.{}", part(header.to_string()), part(claims));
    let signature = crypto::sign(text.as_bytes(), &EncodingKey::from_secret(key.as_bytes()), algorithm)?;
    Ok(format!("{text}.{signature}"))
}

/// Every forged token.
pub(super) fn tokens(valid: &str, key: &str, other_tenant: i64) -> Result<Vec<Bad>> {
    let claims = claims(valid)?;
    let mut found = algorithms(&claims, key)?;
    found.extend(claims_changed(&claims, key, other_tenant)?);
    found.extend(claims_broken(&claims, key)?);
    found.extend(shapes(valid)?);
    Ok(found)
}

/// Other algorithms, other keys, and keys that the token itself names.
fn algorithms(claims: &Json, key: &str) -> Result<Vec<Bad>> {
    let text = claims.to_string();
    let mut found = Vec::new();
    for name in ["none", "None", "NONE", "nOnE", ""] {
        let unsigned = format!("{}.{}.", part(header(name).to_string()), part(&text));
        found.push(Bad::token(&format!("alg `{name}`, unsigned"), unsigned));
        let token = sign(&header(name), &text, key, Algorithm::HS256)?;
        found.push(Bad::token(&format!("alg `{name}`, signed"), token));
    }
    for name in ["HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "hs256", "XX"] {
        let token = sign(&header(name), &text, key, Algorithm::HS256)?;
        found.push(Bad::token(&format!("alg {name} over an HS256 signature"), token));
    }
    found.push(Bad::token("really HS384", sign(&header("HS384"), &text, key, Algorithm::HS384)?));
    found.push(Bad::token("really HS512", sign(&header("HS512"), &text, key, Algorithm::HS512)?));
    for wrong in ["", "secret", "kefu", "\0"] {
        let token = sign(&header("HS256"), &text, wrong, Algorithm::HS256)?;
        found.push(Bad::token(&format!("signed with `{}`", wrong.escape_debug()), token));
    }
    let keys = [
        json!({"alg": "HS256", "kid": "../../../../dev/null"}),
        json!({"alg": "HS256", "kid": "x' UNION SELECT '' --"}),
        json!({"alg": "HS256", "jku": "http://127.0.0.1/keys.json"}),
        json!({"alg": "HS256", "jwk": {"kty": "oct", "k": ""}}),
        json!({"alg": "HS256", "x5u": "http://127.0.0.1/cert.pem"}),
    ];
    for header in keys {
        found.push(Bad::token(&format!("names its key: {header}"), sign(&header, &text, "", Algorithm::HS256)?));
    }
    for header in [json!({}), json!({"alg": null}), json!({"alg": 256}), json!(["HS256"]), json!("HS256")] {
        found.push(Bad::token(&format!("header {header}"), sign(&header, &text, key, Algorithm::HS256)?));
    }
    Ok(found)
}

/// Well signed, but one claim is missing or says something else.
fn claims_changed(claims: &Json, key: &str, other_tenant: i64) -> Result<Vec<Bad>> {
    let now = claims["iat"].as_i64().context("no iat")?;
    let century = now + 100 * 365 * 86_400;
    let changes = [
        ("aud", vec![json!("kefu"), json!(["kefu-api", "x"]), json!(["x"]), json!(1), json!(""), Json::Null]),
        ("iss", vec![json!("evil"), json!(["kefu"]), json!({"kefu": 1}), json!(""), Json::Null]),
        ("typ", vec![json!("refresh"), json!("Access"), json!(1), Json::Null]),
        ("exp", vec![json!(now - 1), json!(0), json!(-1), json!(u64::MAX), json!(century), json!(1e300)]),
        ("exp", vec![json!((now + 60).to_string()), json!({}), json!(true), Json::Null]),
        ("iat", vec![json!(now + 86_400), json!(0), json!("now"), Json::Null]),
        ("tid", vec![json!(other_tenant), json!(0), json!(-1), json!("1"), Json::Null]),
        ("sid", vec![json!(0), json!(-1), json!(i64::MAX), json!("1 OR 1=1"), Json::Null]),
    ];
    let mut found = Vec::new();
    for (name, values) in changes {
        for value in values {
            let mut changed = claims.clone();
            changed[name] = value.clone();
            found.push(Bad::token(&format!("{name} = {value}"), signed(&changed, key)?));
        }
        let mut without = claims.clone();
        without.as_object_mut().map(|object| object.remove(name));
        found.push(Bad::token(&format!("without {name}"), signed(&without, key)?));
    }
    for (name, value) in [("nbf", json!(now + 3600)), ("role", json!("admin")), ("permissions", json!(["*"]))] {
        let mut more = claims.clone();
        more[name] = value;
        found.push(Bad::token(&format!("with {name}"), signed(&more, key)?));
    }
    Ok(found)
}

/// Well signed, but not claims.
fn claims_broken(claims: &Json, key: &str) -> Result<Vec<Bad>> {
    let twice = claims.to_string().replacen('{', r#"{"tid":1,"#, 1);
    let texts = ["{}", "[]", "null", "\"x\"", "", "{", "\u{0}", twice.as_str()];
    let tokens = texts.into_iter().map(|text| {
        let token = sign(&header("HS256"), text, key, Algorithm::HS256)?;
        Ok(Bad::token(&format!("claims `{}`", text.escape_debug()), token))
    });
    tokens.collect()
}

/// A good token, bent.
fn shapes(valid: &str) -> Result<Vec<Bad>> {
    let parts: Vec<&str> = valid.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { anyhow::bail!("a token has three parts") };
    let mut forged = claims(valid)?;
    forged["sid"] = json!(1);
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let bent = [
        ("empty", String::new()),
        ("one part", (*header).to_owned()),
        ("without a signature", format!("{header}.{payload}")),
        ("with an empty signature", format!("{header}.{payload}.")),
        ("four parts", format!("{valid}.{signature}")),
        ("a dot at the end", format!("{valid}.")),
        ("a dot at the start", format!(".{valid}")),
        ("two dots", format!("{header}..{payload}.{signature}")),
        ("nothing but dots", "..".to_owned()),
        ("many dots", ".".repeat(1000)),
        ("cut by one", valid[..valid.len() - 1].to_owned()),
        ("cut in half", valid[..valid.len() / 2].to_owned()),
        ("one more letter", format!("{valid}A")),
        ("padded", format!("{valid}=")),
        ("another signature", format!("{header}.{payload}.{flipped}{}", &signature[1..])),
        ("other claims under the signature", format!("{header}.{}.{signature}", part(forged.to_string()))),
        ("parts swapped", format!("{payload}.{header}.{signature}")),
        ("a space inside", valid.replacen('.', ". ", 1)),
        ("a space before", format!(" {valid}")),
        ("quoted", format!("\"{valid}\"")),
        ("percent-encoded", valid.replace('.', "%2E")),
        ("upper case", valid.to_uppercase()),
        ("twice", format!("{valid},{valid}")),
        ("Chinese", "令牌".to_owned()),
        ("a dot of another script", valid.replacen('.', "．", 1)),
        ("invisible characters", format!("\u{200b}{valid}")),
        ("SQL", "' OR 1=1 --".to_owned()),
        ("the word null", "null".to_owned()),
        ("the word undefined", "undefined".to_owned()),
        ("15 KB", format!("{valid}{}", "A".repeat(15_000))),
        ("40 KB", format!("{valid}{}", "A".repeat(40_000))),
        ("64 KiB", format!("{valid}{}", "A".repeat(65_536))),
    ];
    Ok(bent.into_iter().map(|(name, token)| Bad::token(name, token)).collect())
}

/// A good token in headers that are not the one `Authorization: Bearer`.
pub(super) fn headers(valid: &str) -> Vec<Bad> {
    let good = format!("Bearer {valid}");
    vec![
        Bad::headers("lower-case scheme", &[format!("bearer {valid}")]),
        Bad::headers("upper-case scheme", &[format!("BEARER {valid}")]),
        Bad::headers("no scheme", &[valid.to_owned()]),
        Bad::headers("another scheme", &[format!("Basic {valid}")]),
        Bad::headers("scheme Token", &[format!("Token {valid}")]),
        Bad::headers("scheme alone", &["Bearer".to_owned()]),
        Bad::headers("two spaces", &[format!("Bearer  {valid}")]),
        Bad::headers("a tab", &[format!("Bearer\t{valid}")]),
        Bad::headers("scheme twice", &[format!("Bearer Bearer {valid}")]),
        Bad::headers("two tokens in one", &[format!("{good}, {good}")]),
        Bad::headers("the header twice", &[good.clone(), good.clone()]),
        Bad::headers("good, then bad", &[good.clone(), "Bearer x".to_owned()]),
        Bad::headers("bad, then good", &["Bearer x".to_owned(), good]),
    ]
}

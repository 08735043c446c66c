//! A browser as far as the tests need one: it keeps cookies and sends forms.

use super::house::{House, Reply};
use axum::body::Body;
use axum::http::{Request, header};
use std::collections::BTreeMap;

pub struct Browser<'h> {
    house: &'h House,
    cookies: BTreeMap<String, String>,
}

impl<'h> Browser<'h> {
    pub fn new(house: &'h House) -> Browser<'h> {
        Browser { house, cookies: BTreeMap::new() }
    }

    pub fn cookie(&self, name: &str) -> String {
        self.cookies.get(name).cloned().unwrap_or_default()
    }

    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    async fn ask(&mut self, mut request: Request<Body>) -> Reply {
        let cookies: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let reply = self.house.ask(request).await;
        for set in reply.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        reply
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn send(&mut self, path: &str, body: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Sends a form as it stands.
    pub async fn post(&mut self, path: &str, form: &str) -> Reply {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.send(path, form, &[kind]).await
    }

    /// The token that the forms of this session carry.
    pub async fn csrf(&mut self) -> String {
        token(&self.get("/coverage").await.text)
    }

    /// Sends a form with the session's token.
    pub async fn submit(&mut self, path: &str, form: &str) -> Reply {
        let csrf = self.csrf().await;
        self.post(path, &format!("csrf={csrf}&{form}")).await
    }

    pub async fn log_in(&mut self, name: &str, password: &str, to: &str) -> Reply {
        let csrf = token(&self.get("/login").await.text);
        let password = password.replace(' ', "+");
        let form = format!("csrf={csrf}&name={name}&password={password}&to={to}");
        self.post("/login", &form).await
    }
}

fn token(page: &str) -> String {
    let (_, rest) = page.split_once(r#"name="csrf" value=""#).expect("a form with its token");
    rest.split('"').next().unwrap().to_owned()
}

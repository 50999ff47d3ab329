//! TLS: certificates are verified for the name of the URL.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use super::{
    super::{Client, Failure, dialer::Tls},
    LONG, Names, OK, SHORT, Sink, guard_of, post,
};
use crate::net::{http_client, tls::TlsFault};

/// A certificate authority.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new(name: &str) -> Self {
        http_client::install_provider();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// Starts a server with a certificate for these names.
    async fn sink(&self, names: &[&str], until: i32) -> Sink {
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], private).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Sink::start(move |stream, _| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let name = stream.get_ref().1.server_name().unwrap_or("none").to_owned();
                let mut read = Vec::new();
                while let Ok(byte) = stream.read_u8().await {
                    read.push(byte);
                    if read.ends_with(b"\r\n\r\n{}") {
                        let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{name}", name.len());
                        stream.write_all(response.as_bytes()).await.unwrap();
                        stream.flush().await.unwrap();
                    }
                }
            }
        })
        .await
    }

    /// Returns a client that trusts this authority.
    fn client(&self) -> (Client, Names) {
        let (guard, names) = guard_of(&["127.0.0.0/8"]);
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        (Client::with_tls(guard, Tls::fixed(config)), names)
    }
}

#[tokio::test]
async fn the_name_of_the_url_is_sent_and_the_connection_is_used_again() {
    let authority = Authority::new("Neem Tree");
    let sink = authority.sink(&["shop.example", "127.0.0.1"], 2100).await;
    let (client, names) = authority.client();
    names.set("shop.example", &["127.0.0.1"]);
    names.set("shop.example.", &["127.0.0.1"]);
    for (host, name) in [
        ("shop.example", "shop.example"),
        ("SHOP.example", "shop.example"),
        ("shop.example.", "shop.example"),
        ("127.0.0.1", "none"),
    ] {
        let outcome = post(&client, &format!("https://{host}:{}/", sink.address.port()), LONG).await;
        assert_eq!((outcome.result.unwrap().body, outcome.address), (name.into(), Some(sink.address)), "{host}");
    }
    assert_eq!(sink.accepted(), 3);
}

#[tokio::test]
async fn a_certificate_that_does_not_prove_the_name_is_a_fault() {
    let authority = Authority::new("Neem Tree");
    let sink = authority.sink(&["shop.example"], 2100).await;
    let (client, names) = authority.client();
    names.set("other.example", &["127.0.0.1"]);
    names.set("shop.example", &["127.0.0.1"]);
    let port = sink.address.port();
    for url in [format!("https://other.example:{port}/"), format!("https://127.0.0.1:{port}/")] {
        let outcome = post(&client, &url, LONG).await;
        assert_eq!((outcome.result, outcome.address), (Err(Failure::Tls(TlsFault::OtherName)), Some(sink.address)), "{url}");
    }
    let (stranger, names) = Authority::new("Banyan").client();
    names.set("shop.example", &["127.0.0.1"]);
    let outcome = post(&stranger, &format!("https://shop.example:{port}/"), LONG).await;
    assert_eq!(outcome.result, Err(Failure::Tls(TlsFault::UnknownIssuer)));
    let expired = authority.sink(&["shop.example"], 2021).await;
    let outcome = post(&client, &format!("https://shop.example:{}/", expired.address.port()), LONG).await;
    assert_eq!(outcome.result, Err(Failure::Tls(TlsFault::Expired)));
}

#[tokio::test]
async fn the_certificates_of_the_system_do_not_include_one_of_our_own() {
    let authority = Authority::new("Neem Tree");
    let sink = authority.sink(&["127.0.0.1"], 2100).await;
    let outcome = post(&super::client().0, &format!("https://{}/", sink.address), LONG).await;
    let expected = [Failure::Tls(TlsFault::UnknownIssuer), Failure::NoCertificates];
    assert!(outcome.result.is_err_and(|failure| expected.contains(&failure)));
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart_from_a_silent_one() {
    let (client, _) = Authority::new("Neem Tree").client();
    let plain = Sink::start(|mut stream, _| async move {
        let _ = stream.read_u8().await;
        let _ = stream.write_all(OK.as_bytes()).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let outcome = post(&client, &format!("https://{}/", plain.address), LONG).await;
    assert_eq!(outcome.result, Err(Failure::Tls(TlsFault::NoTls)));
    let silent = Sink::start(|mut stream, _| async move { drop(stream.read_to_end(&mut Vec::new()).await) }).await;
    let outcome = post(&client, &format!("https://{}/", silent.address), SHORT).await;
    assert_eq!((outcome.result, outcome.address), (Err(Failure::ConnectSlow), Some(silent.address)));
}

//! A proxy in the environment has no effect.

use std::{env, process::Command};

use super::{OK, Sink};

#[tokio::test]
async fn a_proxy_of_the_environment_is_not_used() {
    let proxy = Sink::responding(OK).await;
    // The variables of a process cannot be set while its tests run, so a test runs in a process of its own.
    let mut command = Command::new(env::current_exe().unwrap());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, proxy.url()).env(name.to_lowercase(), proxy.url());
    }
    let test = "net::outbound::tests::requests::a_request_arrives_as_it_was_given";
    let output = tokio::task::spawn_blocking(move || command.args(["--exact", test]).output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(proxy.accepted(), 0);
}

//! The checklist on the dashboard and on App Overview: each task is ticked by what is stored, and leads to the next page.

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
};

/// Returns the stored values of the tasks that are done.
fn done(page: &Page) -> Vec<String> {
    let rows = page.body.split("<li").filter(|row| row.starts_with(" class=\"is-done\" data-testid=\"task-"));
    rows.filter_map(|row| row.split('"').nth(3)).map(|hook| hook.trim_start_matches("task-").to_owned()).collect()
}

/// Returns the address of the button that leads on.
fn next(page: &Page) -> String {
    let head = page.body.split("tasks-head").nth(1).and_then(|rest| rest.split("</div>").next()).unwrap_or_default();
    head.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

async fn both(owner: &Browser, overview: &str, count: usize, leads_to: &str) {
    for path in ["/", overview] {
        let page = owner.get(path).await;
        assert_eq!((done(&page).len(), next(&page).as_str()), (count, leads_to), "{path}: {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ticks_itself_off_from_the_registration_to_the_first_live_event() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let owner = app.owner("Neem Tree Retail").await;
    assert!(owner.get("/").await.lacks("checklist"), "without an app the page says how to register one");
    let shop = company.app("Neem Tree Store").await;
    let overview = format!("/ks-pay/apps/{}", shop.id);
    let gateways = format!("{overview}/settings/payment-gateways");
    both(&owner, &overview, 1, &format!("{gateways}?mode=test#add")).await;

    let test = shop.razorpay("test").await;
    both(&owner, &overview, 2, &test.step("/webhook")).await;
    test.post(bodies::payment("payment.captured", "pay_Demo0000000001", 0)).event_id("evt_1").stored().await;
    both(&owner, &overview, 3, &test.step("/webhook")).await;
    owner.post(&test.step("/webhook/completion"), &[]).await.location();
    both(&owner, &overview, 4, &format!("{gateways}?mode=live#add")).await;
    assert!(owner.get(&gateways).await.lacks("checklist"));

    let live = shop.razorpay("live").await;
    both(&owner, &overview, 5, &live.step("/webhook")).await;
    owner.post(&test.step("/webhook/completion/removal"), &[]).await.location();
    both(&owner, &overview, 4, &test.step("/webhook")).await;
    live.post(bodies::payment("payment.captured", "pay_Demo0000000002", 0)).event_id("evt_2").stored().await;
    for path in ["/", &overview] {
        assert!(owner.get(path).await.lacks("checklist"), "{path}: an event was verified in Live mode");
    }

    let second = company.app("Neem Tree Stall").await;
    assert!(owner.get(&format!("/ks-pay/apps/{}", second.id)).await.shows("checklist"), "each app has its own");
    assert!(owner.get("/").await.lacks("checklist"), "the company knows the way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_leads_to_the_next_one_that_is_not_done_and_at_last_to_the_overview() {
    let app = TestApp::start().await;
    let shop = app.company("Neem Tree Retail").await.app("Neem Tree Store").await;
    let test = shop.razorpay("test").await;
    let owner = app.owner("Neem Tree Retail").await;
    let leads = async |step: &str, to: &str, path: &str| {
        let page = owner.get(&test.step(step)).await;
        assert_eq!(page.text_of("way-on"), to, "{step}: {}", page.body);
        assert!(page.has(&format!("href=\"{path}\" data-testid=\"way-on\"")), "{step}: {}", page.body);
    };
    owner.post(&test.step("/webhook/completion"), &[]).await.location();
    leads("/webhook", "Next: Integration", &test.step("/integration")).await;
    owner.post(&test.step("/integration/completion"), &[]).await.location();
    for step in ["/webhook", "/integration"] {
        leads(step, "Next: Security", &test.step("/security")).await;
    }
    app.sql("UPDATE apps SET domain = 'shop.neemtree.example'").await;
    for step in ["/webhook", "/integration"] {
        leads(step, "Next: Credentials", &test.step("/credentials")).await;
    }
    app.sql("UPDATE connections SET keys_state = 'accepted', keys_at = 0").await;
    for step in ["/webhook", "/integration"] {
        leads(step, "Go to Overview", &format!("/ks-pay/apps/{}?mode=test", shop.id)).await;
    }
}

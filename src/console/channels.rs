//! The channels of a company: the list with their health, the form that adds one, a test message, and removal.
//!
//! Invariant: what was pasted is in no response.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::http::{
    error::AppError,
    form::{FieldError, FieldErrors},
    layout::{ConsoleEntry, Layout},
    page::RequestContext,
    signed_form::{EmptyForm, SignedForm},
};
use crate::{
    accounts::authz::UseCaseError,
    db::DbError,
    i18n::{Text, isolate},
    messages::{
        self, Badge,
        text::{channels as t, layout},
    },
    notifications::{
        Content,
        channels::{self, Channel, ChannelError, MAX_CHANNELS, MAX_NAME_CHARS, NewChannel},
        chat::{Credential, Pasted, Service},
    },
    primitives::text_input,
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `/settings/channels`
#[derive(Template)]
#[template(path = "channels/index.html")]
struct Index {
    layout: Layout,
    rows: Vec<Row>,
    has_room: bool,
}

/// A channel in the list.
struct Row {
    name: String,
    service: Service,
    last_chars: String,
    state: Badge,
    note: Option<Text>,
    /// Why the last post failed and what to do, and the service's own words.
    problem: Option<(Text, Option<Text>)>,
    test: String,
    removal: String,
}

/// `/settings/channels/new`
#[derive(Template)]
#[template(path = "channels/new.html")]
struct New {
    layout: Layout,
    service: Service,
    form: ChannelForm,
    errors: FieldErrors,
}

/// The confirmation before a channel is removed.
#[derive(Template)]
#[template(path = "channels/removal.html")]
struct Removal {
    layout: Layout,
    name: String,
    action: String,
}

/// The form as submitted.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ChannelForm {
    service: String,
    name: String,
    url: String,
    token: String,
    chat: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    service: String,
}

impl Index {
    fn services() -> &'static [Service] {
        Service::ALL
    }
}

impl New {
    fn is_telegram(&self) -> bool {
        self.service == Service::Telegram
    }
}

/// `GET /settings/channels`
pub(crate) async fn index(page: RequestContext) -> Answer {
    let mut reader = page.state.db.page_reader().await?;
    let all = channels::list(&mut reader, &page.actor()).await?;
    drop(reader);
    let has_room = i64::try_from(all.len()).is_ok_and(|count| count < MAX_CHANNELS);
    let rows = all.into_iter().map(|channel| row(&page, channel)).collect();
    page.ok(&Index { layout: layout_of(&page, t::title()), rows, has_room })
}

fn row(page: &RequestContext, channel: Channel) -> Row {
    let (state, note) = messages::channels::health(&channel, page.now);
    let problem = channel.problem.map(|problem| {
        let words = channel.answer.as_deref().and_then(|words| messages::channels::answer(channel.service, words));
        (messages::channels::problem(channel.service, problem), words)
    });
    Row {
        service: channel.service,
        state,
        note,
        problem,
        test: urls::channel_test(channel.id),
        removal: urls::channel_removal(channel.id),
        name: channel.name,
        last_chars: channel.last_chars,
    }
}

/// `GET /settings/channels/new?service=…`
pub(crate) async fn new(page: RequestContext, asked: Query<Asked>) -> Answer {
    let service = asked.service.parse().map_err(|_| AppError::NotFound)?;
    page.ok(&new_page(&page, service, ChannelForm::default(), FieldErrors::default()))
}

/// `POST /settings/channels`
pub(crate) async fn create(posted: SignedForm<ChannelForm>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let service: Service = form.service.parse().map_err(|_| AppError::BadRequest)?;
    let (name, credential) = match parse(service, &form) {
        Ok(parsed) => parsed,
        Err(errors) => return page.unprocessable(&new_page(&page, service, form, errors)),
    };
    let new = NewChannel { service, name: &name, credential: &credential, language: page.locale };
    let mut tx = page.state.db.begin().await?;
    let error = match channels::create(&mut tx, &page.state.vault, &new, (&page.actor(), page.now)).await {
        Ok(id) => {
            tx.commit().await?;
            tracing::info!(channel = %id, %service, user = %page.signed_in.user.id, "a channel was added");
            return Ok(page.redirect(urls::CHANNELS, t::now_added(isolate(&name))));
        }
        Err(ChannelError::UseCase(UseCaseError::Db(DbError::NotUnique))) => FieldError::new("known", t::name_taken()),
        Err(ChannelError::TooMany) => FieldError::new("too-many", t::too_many(MAX_CHANNELS)),
        Err(ChannelError::UseCase(error)) => return Err(error.into()),
        Err(ChannelError::Connect(error)) => return Err(error.into()),
    };
    drop(tx);
    page.unprocessable(&new_page(&page, service, form, error.at("name")))
}

/// Returns the name and the credential, or the errors at their fields.
fn parse(service: Service, form: &ChannelForm) -> Result<(String, Credential), FieldErrors> {
    let mut errors = FieldErrors::default();
    let name = errors.take("name", t::enter_name(), text_input::line(&form.name, 1, MAX_NAME_CHARS));
    let pasted = Pasted { url: &form.url, token: &form.token, chat: &form.chat };
    match service.parse(&pasted) {
        Ok(credential) if errors.is_empty() => return Ok((name, credential)),
        Ok(_) => {}
        Err(invalid) => {
            let (reason, sentence) = messages::channels::invalid(service, invalid);
            let field = match service {
                Service::Telegram if invalid.is_of_chat() => "chat",
                Service::Telegram => "token",
                Service::Slack | Service::Teams | Service::Discord => "url",
            };
            errors.add(field, reason, sentence);
        }
    }
    Err(errors)
}

/// `POST /settings/channels/{channel}/test`
pub(crate) async fn test(posted: SignedForm<EmptyForm>, channel: Path<String>) -> Answer {
    let page = posted.page;
    let channel = find(&page, &channel).await?;
    // It makes this server send a request, so it has the limit of the checks that do.
    let permit = match page.state.checks.acquire(channel.company_id) {
        Ok(permit) => permit,
        Err(busy) => return Ok(page.redirect_warning(urls::CHANNELS, busy.reason(), messages::channels::busy(busy))),
    };
    let mut tx = page.state.db.begin().await?;
    channels::record_test(&mut tx, &channel, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    let posted = page.state.channels.post(&channel, &test_content(&page, &channel)).await?;
    drop(permit);
    Ok(match messages::channels::test_outcome(channel.service, &posted) {
        (None, text) => page.redirect(urls::CHANNELS, text),
        (Some(reason), text) => page.redirect_warning(urls::CHANNELS, reason, text),
    })
}

fn test_content(page: &RequestContext, channel: &Channel) -> Content {
    let plain = |text: Text| text.to_plain(channel.language);
    let (user, company) = (&page.signed_in.user.name, &page.signed_in.company.name);
    Content {
        subject: plain(t::test_subject()),
        paragraphs: vec![plain(t::test_text())],
        body: Vec::new(),
        facts: Vec::new(),
        action: None,
        footer: Some(plain(t::test_footer(isolate(user), isolate(company)))),
        language: channel.language,
        sender: None,
    }
}

/// `GET /settings/channels/{channel}/test`: leads to the list, whose form it is.
pub(crate) async fn form_page(page: RequestContext, channel: Path<String>) -> Answer {
    find(&page, &channel).await?;
    Ok(super::http::page::see_other(urls::CHANNELS))
}

/// `GET /settings/channels/{channel}/removal`
pub(crate) async fn ask_removal(page: RequestContext, channel: Path<String>) -> Answer {
    let channel = find(&page, &channel).await?;
    let layout = layout_of(&page, t::remove()).crumb(t::title(), urls::CHANNELS);
    page.ok(&Removal { layout, name: channel.name, action: urls::channel_removal(channel.id) })
}

/// `POST /settings/channels/{channel}/removal`
pub(crate) async fn remove(posted: SignedForm<EmptyForm>, channel: Path<String>) -> Answer {
    let page = posted.page;
    let channel = find(&page, &channel).await?;
    let mut tx = page.state.db.begin().await?;
    channels::remove(&mut tx, &channel, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    tracing::info!(channel = %channel.id, user = %page.signed_in.user.id, "a channel was removed");
    Ok(page.redirect(urls::CHANNELS, t::now_removed(isolate(&channel.name))))
}

async fn find(page: &RequestContext, channel: &str) -> Result<Channel, AppError> {
    let id = channel.parse().map_err(|_| AppError::NotFound)?;
    Ok(channels::find(&mut page.state.db.page_reader().await?, id, &page.actor()).await?)
}

fn layout_of(page: &RequestContext, title: impl Into<Text>) -> Layout {
    page.layout(title).console(ConsoleEntry::Settings).crumb(layout::settings(), urls::SETTINGS)
}

fn new_page(page: &RequestContext, service: Service, form: ChannelForm, errors: FieldErrors) -> New {
    let layout = layout_of(page, t::new_title(service.name())).crumb(t::title(), urls::CHANNELS);
    New { layout, service, form, errors }
}

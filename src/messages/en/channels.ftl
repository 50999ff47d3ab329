# Channels of a company: Slack, Microsoft Teams, Discord, Telegram.

title = Channels
intro = KS Pay posts alerts to these channels. In an app’s Alerts, choose which alerts go to which channel.
nothing = There is no channel yet
nothing-text = Add a channel of Slack, Microsoft Teams, Discord or Telegram to receive alerts there.
add-title = Add a channel
add = Add { $service }
list = Channels of this company
working = Working
unused = Nothing sent yet
failing = Failing
last-sent = Last message accepted { $time }
failing-since = Failing since { $time }
# $chars: the last characters of a secret.
ends-with = ends with { $chars }
test = Send test message
test-named = Send test message to { $name }
remove = Remove
remove-named = Remove { $name }
too-many = A company can have { $count } channels. Remove one before you add another.
of-settings = Alerts can also be posted to Slack, Microsoft Teams, Discord and Telegram. { $link }
    .link = Channels

## The form

new-title = Add { $service }
name = Name
name-hint = For example the name of the channel, #payments. Alerts show it.
enter-name = Enter a name.
name-taken = Another channel has this name. Enter another name.
url = Webhook URL
url-hint = It is a secret: KS Pay encrypts it and shows only its last characters.
token = Bot token
token-hint = From @BotFather. It is a secret: KS Pay encrypts it and shows only its last characters.
chat = Chat ID
chat-hint = A number, such as -1001234567890 for a group, or the @name of a public channel.
save = Add channel
cancel = Cancel
now-added = { $name } added. Send a test message to see whether it arrives.
language-note = Messages are in English, the language of this page. Switch the language before you add the channel to receive them in Hindi.
steps = How to get it
slack-step-1 = In Slack, open the settings of your app under api.slack.com/apps, or create an app there.
slack-step-2 = Under Incoming Webhooks, turn them on and select Add New Webhook to Workspace.
slack-step-3 = Choose the channel, then copy the webhook URL.
teams-step-1 = In Teams, open the channel’s menu and select Workflows.
teams-step-2 = Choose the template that posts to a channel when a webhook request is received.
teams-step-3 = Choose team and channel, save, and copy the URL that the workflow shows.
discord-step-1 = In Discord, open the channel’s settings and select Integrations.
discord-step-2 = Under Webhooks, select New Webhook.
discord-step-3 = Select Copy Webhook URL.
telegram-step-1 = In Telegram, open @BotFather, send /newbot and copy the token.
telegram-step-2 = Add the bot to the group or channel. For a channel, make it an administrator. For yourself, open the bot and press Start.
telegram-step-3 = Enter the ID of the chat. Bots such as @userinfobot show it.

## What is wrong with what was pasted

enter-url = Paste the webhook URL.
enter-token = Paste the bot’s token.
url-too-long = This is longer than a webhook URL can be. Copy it again.
not-a-url = This isn’t a complete URL. Copy it again, from https:// to its end.
not-https = The URL must begin with https://.
other-service = This is an address of { $service }. Go back and choose { $service }.
other-host-slack = This isn’t a Slack URL. An incoming webhook’s URL begins with https://hooks.slack.com/services/.
other-host-teams = This isn’t the URL of a Teams workflow. Its host ends in .logic.azure.com or .environment.api.powerplatform.com.
other-host-discord = This isn’t a Discord URL. A webhook’s URL begins with https://discord.com/api/webhooks/.
slack-not-incoming = This Slack URL takes no messages from KS Pay. Copy the URL of an incoming webhook, which begins with https://hooks.slack.com/services/.
teams-connector = This is an Office 365 connector, which Microsoft has turned off. Create a workflow in Teams under Workflows instead, and paste its URL.
teams-incomplete = Part of the URL is missing. Copy the whole URL of the workflow: it contains /triggers/manual/paths/invoke and ends with a signature, sig=.
discord-not-webhook = This Discord URL isn’t a webhook’s. Copy it under Integrations, Webhooks; it has /api/webhooks/ and nothing after its token.
telegram-token = This isn’t a bot’s token. It has digits, a colon and at least 30 characters, and @BotFather shows it.
telegram-chat = This isn’t a chat ID. Enter a number, such as -1001234567890, or the @name of a public channel.

## The outcome of a post

test-subject = Test message from KS Pay
test-text = Alerts will arrive here.
test-footer = Sent by { $name } from { $company }.
test-accepted = { $service } accepted the test message
test-accepted-teams = Teams accepted the test message. Check that the workflow has posted it: Teams doesn’t report that.
test-failed = The test message wasn’t posted. { $problem }
test-running = A test is running. Try again in a moment.
too-many-tests = Too many tests. Try again in a minute.
problem-rate-limited = { $service } accepts no more messages for now. KS Pay tries again later.
problem-service-fault = { $service } has a fault. KS Pay tries again later.
problem-removed = { $service } no longer knows this webhook or bot. Add the channel again with a new one.
problem-not-allowed = { $service } doesn’t allow posting here. Check that the channel isn’t archived, and that the bot is still a member and isn’t blocked.
problem-chat-not-found = Telegram doesn’t know this chat. Add the bot to it, or press Start in a chat with the bot, and check the chat ID.
problem-message-rejected = { $service } rejected the message.
problem-unreachable = { $service } couldn’t be reached. KS Pay tries again later.
problem-unreadable = What you pasted can’t be decrypted with this installation’s master key. Remove the channel and add it again.
answer = { $service } said: { $words }

## Removal

remove-title = Remove { $name }?
remove-effect = Alerts are no longer posted there; other recipients are still notified. What you pasted is deleted.
remove-channel = Remove channel
keep = Keep channel
now-removed = { $name } removed

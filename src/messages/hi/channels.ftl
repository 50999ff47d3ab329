# Channels of a company: Slack, Microsoft Teams, Discord, Telegram.

title = चैनल
intro = KS Pay इन चैनलों में अलर्ट भेजता है। कौन-सा अलर्ट किस चैनल में जाए, यह ऐप के “अलर्ट” पेज पर चुनें।
nothing = अभी कोई चैनल नहीं है
nothing-text = अलर्ट पाने के लिए Slack, Microsoft Teams, Discord या Telegram का चैनल जोड़ें।
add-title = चैनल जोड़ें
add = { $service } जोड़ें
list = इस कंपनी के चैनल
working = चालू
unused = अभी कुछ नहीं भेजा गया
failing = गड़बड़ी
last-sent = आखिरी संदेश { $time } स्वीकार हुआ
failing-since = { $time } से गड़बड़ी
# $chars: the last characters of a secret.
ends-with = आखिर में { $chars }
test = टेस्ट संदेश भेजें
test-named = { $name } में टेस्ट संदेश भेजें
remove = हटाएँ
remove-named = { $name } हटाएँ
too-many = एक कंपनी में { $count } चैनल हो सकते हैं। नया जोड़ने से पहले कोई एक हटाएँ।
of-settings = अलर्ट Slack, Microsoft Teams, Discord और Telegram में भी भेजे जा सकते हैं। { $link }
    .link = चैनल

## The form

new-title = { $service } जोड़ें
name = नाम
name-hint = जैसे चैनल का नाम, #भुगतान। अलर्ट में यही नाम दिखता है।
enter-name = नाम भरें।
name-taken = एक और चैनल का यही नाम है। दूसरा नाम भरें।
url = वेबहुक URL
url-hint = यह सीक्रेट है: KS Pay इसे एन्क्रिप्ट करता है और सिर्फ़ इसके आखिरी अक्षर दिखाता है।
token = बॉट का टोकन
token-hint = @BotFather से मिलता है। यह सीक्रेट है: KS Pay इसे एन्क्रिप्ट करता है और सिर्फ़ इसके आखिरी अक्षर दिखाता है।
chat = चैट ID
chat-hint = एक संख्या, जैसे ग्रुप के लिए -1001234567890, या पब्लिक चैनल का @नाम।
save = चैनल जोड़ें
cancel = रद्द करें
now-added = { $name } जोड़ा गया। टेस्ट संदेश भेजकर देखें कि वह पहुँचता है या नहीं।
language-note = संदेश हिन्दी में होंगे, जो इस पेज की भाषा है। अंग्रेज़ी में पाने के लिए चैनल जोड़ने से पहले भाषा बदलें।
steps = यह कैसे मिलेगा
slack-step-1 = Slack में api.slack.com/apps पर अपने ऐप की सेटिंग खोलें, या वहाँ ऐप बनाएँ।
slack-step-2 = Incoming Webhooks में उन्हें चालू करें और Add New Webhook to Workspace चुनें।
slack-step-3 = चैनल चुनें, फिर वेबहुक URL कॉपी करें।
teams-step-1 = Teams में चैनल का मेन्यू खोलें और Workflows चुनें।
teams-step-2 = वह टेम्पलेट चुनें जो वेबहुक का अनुरोध आने पर चैनल में पोस्ट करता है।
teams-step-3 = टीम और चैनल चुनें, सहेजें, और वर्कफ़्लो जो URL दिखाए उसे कॉपी करें।
discord-step-1 = Discord में चैनल की सेटिंग खोलें और Integrations चुनें।
discord-step-2 = Webhooks में New Webhook चुनें।
discord-step-3 = Copy Webhook URL चुनें।
telegram-step-1 = Telegram में @BotFather खोलें, /newbot भेजें और टोकन कॉपी करें।
telegram-step-2 = बॉट को ग्रुप या चैनल में जोड़ें। चैनल में उसे एडमिन बनाएँ। अपने लिए बॉट खोलें और Start दबाएँ।
telegram-step-3 = चैट का ID भरें। @userinfobot जैसे बॉट उसे दिखाते हैं।

## What is wrong with what was pasted

enter-url = वेबहुक URL पेस्ट करें।
enter-token = बॉट का टोकन पेस्ट करें।
url-too-long = वेबहुक URL इतना लंबा नहीं होता। उसे फिर से कॉपी करें।
not-a-url = यह पूरा URL नहीं है। उसे https:// से आखिर तक फिर से कॉपी करें।
not-https = URL https:// से शुरू होना चाहिए।
other-service = यह { $service } का पता है। वापस जाकर { $service } चुनें।
other-host-slack = यह Slack का URL नहीं है। Incoming वेबहुक का URL https://hooks.slack.com/services/ से शुरू होता है।
other-host-teams = यह Teams के वर्कफ़्लो का URL नहीं है। उसका होस्ट .logic.azure.com या .environment.api.powerplatform.com पर खत्म होता है।
other-host-discord = यह Discord का URL नहीं है। वेबहुक का URL https://discord.com/api/webhooks/ से शुरू होता है।
slack-not-incoming = Slack का यह URL KS Pay के संदेश नहीं लेता। Incoming वेबहुक का URL कॉपी करें, जो https://hooks.slack.com/services/ से शुरू होता है।
teams-connector = यह Office 365 का कनेक्टर है, जिसे Microsoft ने बंद कर दिया है। इसके बजाय Teams में Workflows में वर्कफ़्लो बनाएँ और उसका URL पेस्ट करें।
teams-incomplete = URL का कुछ हिस्सा छूट गया है। वर्कफ़्लो का पूरा URL कॉपी करें: उसमें /triggers/manual/paths/invoke होता है और आखिर में हस्ताक्षर, sig=।
discord-not-webhook = Discord का यह URL वेबहुक का नहीं है। उसे Integrations, Webhooks में कॉपी करें; उसमें /api/webhooks/ होता है और टोकन के बाद कुछ नहीं।
telegram-token = यह बॉट का टोकन नहीं है। उसमें अंक, कोलन और कम से कम 30 अक्षर होते हैं, और @BotFather उसे दिखाता है।
telegram-chat = यह चैट ID नहीं है। संख्या भरें, जैसे -1001234567890, या पब्लिक चैनल का @नाम।

## The outcome of a post

test-subject = KS Pay का टेस्ट संदेश
test-text = अलर्ट यहाँ आएँगे।
test-footer = { $company } से { $name } ने भेजा।
test-accepted = { $service } ने टेस्ट संदेश स्वीकार किया
test-accepted-teams = Teams ने टेस्ट संदेश स्वीकार किया। देखें कि वर्कफ़्लो ने उसे पोस्ट किया या नहीं: Teams यह नहीं बताता।
test-failed = टेस्ट संदेश पोस्ट नहीं हुआ। { $problem }
test-running = एक टेस्ट चल रहा है। थोड़ी देर में फिर कोशिश करें।
too-many-tests = बहुत ज़्यादा टेस्ट हुए। एक मिनट में फिर कोशिश करें।
problem-rate-limited = { $service } पर अभी बहुत ज़्यादा संदेश जा रहे हैं। KS Pay बाद में फिर कोशिश करता है।
problem-service-fault = { $service } में गड़बड़ी है। KS Pay बाद में फिर कोशिश करता है।
problem-removed = { $service } इस वेबहुक या बॉट को अब नहीं पहचानता। नया बनाकर चैनल फिर से जोड़ें।
problem-not-allowed = { $service } यहाँ पोस्ट नहीं करने देता। देखें कि चैनल बंद तो नहीं है, बॉट अब भी सदस्य है और ब्लॉक नहीं है।
problem-chat-not-found = Telegram इस चैट को नहीं पहचानता। बॉट को उसमें जोड़ें, या बॉट के साथ चैट में Start दबाएँ, और चैट ID जाँचें।
problem-message-rejected = { $service } ने संदेश अस्वीकार किया।
problem-unreachable = { $service } तक पहुँच नहीं हुई। KS Pay बाद में फिर कोशिश करता है।
problem-unreadable = आपने जो पेस्ट किया था, वह इस इंस्टॉलेशन की मास्टर key से नहीं खुलता। चैनल हटाकर फिर से जोड़ें।
answer = { $service } का जवाब: { $words }

## Removal

remove-title = { $name } हटाएँ?
remove-effect = अब वहाँ अलर्ट नहीं जाएँगे; बाकी लोगों को मिलते रहेंगे। आपने जो पेस्ट किया था, वह मिटा दिया जाता है।
remove-channel = चैनल हटाएँ
keep = चैनल रखें
now-removed = { $name } हटाया गया

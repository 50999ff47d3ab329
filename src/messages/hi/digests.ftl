# The daily digest: what happened yesterday, and what is open. $app: the name of an app.

title = रोज़ का सारांश
note = पिछले दिन का हाल एक संदेश में: भुगतान, उन भुगतानों के रिफ़ंड, खुले विवाद और अलर्ट, और ऐसे वेबहुक जिन पर ध्यान देना है। कुछ न हुआ हो, तब भी जाता है। म्यूट करने या शांत समय से यह नहीं रुकता। समय ऐप के टाइम ज़ोन { $zone } में हैं।
turn-on = हर दिन सारांश भेजें
time = समय
time-invalid = 09:00 जैसा समय भरें।
recipients = किसे
choose-everyone = कंपनी के हर यूज़र को, ईमेल से
choose-some = सिर्फ़ इन्हें
saved = रोज़ का सारांश सहेजा गया
preview = झलक
preview-note = सारांश अभी जाता तो आपकी भाषा में ऐसा होता।

# The message
headline = { $day } का सारांश
day = { $day } को क्या हुआ, टाइम ज़ोन { $zone } में:
no-payments = { $day } को कोई भुगतान नहीं हुआ।
nothing = { $day } को कोई भुगतान नहीं हुआ, और ध्यान देने वाली कोई बात नहीं है।
received = प्राप्त राशि
received-nothing = कुछ नहीं
received-amount = { $count ->
    [one] { $count } भुगतान से { $amount }
   *[other] { $count } भुगतानों से { $amount }
}
more-currencies = और करेंसी
refunded = इन भुगतानों के रिफ़ंड
failed = असफल भुगतान
disputes = जिन विवादों का जवाब देना है
disputes-next = { $count }, अगला { $time } तक ({ $amount })
at-least = कम से कम { $count }
alert = खुला अलर्ट
more-alerts = और खुले अलर्ट
webhook = वेबहुक
webhook-state = { $gateway }: { $state }
action = ऐप का सारांश खोलें
footer = यह आपको { $app } के { $mode } मोड के रोज़ के सारांश की वजह से मिला है। आप इसे अलर्ट में बदल सकते हैं।

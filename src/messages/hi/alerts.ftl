# Alerts: what needs attention, and who is notified.

title = अलर्ट
intro = चुनें कि ध्यान देने वाली कोई बात हो तो किसे बताया जाए। Live और Test के अलर्ट अलग-अलग हैं।
on = चालू
off = बंद
edit = बदलें
edit-named = { $alert } बदलें
everyone = हर यूज़र को ईमेल से
by-email = { $name } को ईमेल से
by-email-off = { $name } को ईमेल से (सेट नहीं है)
no-recipient = किसी को नहीं
no-longer-there = हटाया गया
list = आपको किन बातों के अलर्ट मिलते हैं

# The kinds, and when they are sent.
webhook-failing = वेबहुक में गड़बड़ी
webhook-failing-when = जब वेबहुक (गेटवे से मिलने वाली सूचना) के असली अनुरोध अस्वीकृत हों, ठीक होने तक हर 6 घंटे में, और फिर से चलने पर
webhook-disabling = वेबहुक बंद होने वाला है
webhook-disabling-when = गेटवे के उसे बंद करने से 12 घंटे और 2 घंटे पहले
webhook-silent = वेबहुक से कुछ नहीं आ रहा
webhook-silent-when = जब हमेशा से ज़्यादा देर तक कोई इवेंट न आए, और जब इवेंट फिर आने लगें
destination-failing = डेस्टिनेशन जवाब नहीं दे रहा
destination-failing-when = 15 मिनट बाद, जवाब मिलने तक हर 6 घंटे में, और फिर से जवाब मिलने पर
destination-paused = डेस्टिनेशन रोका गया
destination-paused-when = जब KS Pay किसी डेस्टिनेशन को रोके
backlog = डिलीवरी में देरी
backlog-when = जब किसी डिलीवरी में 1 घंटे से ज़्यादा की देरी हो, और जब किसी में न रहे
dispute-opened = विवाद खुला
dispute-opened-when = तुरंत, राशि और आखिरी तारीख के साथ
dispute-deadline = विवाद की आखिरी तारीख
dispute-deadline-when = 3 दिन और 1 दिन पहले। कभी म्यूट नहीं होता।
order-paid-twice = ऑर्डर का भुगतान दो बार हुआ
order-paid-twice-when = ऑर्डर की राशि पता चलते ही। इस राशि तक हिस्सों में किए गए भुगतानों पर अलर्ट नहीं आता।
refund-to-confirm = रिफ़ंड की पुष्टि बाकी
refund-to-confirm-when = जब किसी ऑटोमेशन के प्रस्तावित रिफ़ंड को आपकी पुष्टि का इंतज़ार हो

# Email
email-missing = ईमेल सेट नहीं है, इसलिए यूज़रों को अलर्ट नहीं मिलते। { $link }
    .link = इसे कैसे सेट करें
channels = चैनल
channels-link = कंपनी के चैनल
channels-none = अलर्ट Slack, Microsoft Teams, Discord और Telegram में भी भेजे जा सकते हैं।
channel-failing = { $name } ({ $service }) में { $time } से गड़बड़ी है। उसके अलर्ट अब { $fallback } को जाते हैं।
fallback-everyone = ईमेल से हर यूज़र
channel-fails = { $time } से { $name } ({ $service }) में अलर्ट नहीं जा पा रहे हैं।
channel-fails-reason = उनकी जगह दूसरों को सूचना मिलती है। कारण देखने के लिए टेस्ट संदेश भेजें।
see-channel = चैनल खोलें

# Muting
mute = म्यूट करें
mute-note = अलर्ट दर्ज होते रहते हैं, पर किसी को बताया नहीं जाता। विवाद की आखिरी तारीख कभी म्यूट नहीं होती।
mute-hour = 1 घंटे के लिए
mute-tomorrow = कल सुबह 9:00 बजे तक
mute-monday = सोमवार सुबह 9:00 बजे तक
muted-until = { $time } तक म्यूट है। विवाद की आखिरी तारीख के अलर्ट फिर भी जाते हैं।
unmute = म्यूट हटाएँ
now-muted = अलर्ट म्यूट हैं
now-unmuted = अलर्ट अब म्यूट नहीं हैं

# Quiet hours
quiet = शांत समय
quiet-note = अलर्ट शांत समय खत्म होने तक रुकते हैं। ये नहीं रुकते: विवाद की आखिरी तारीख, और ऐसा वेबहुक जिसे गेटवे 2 घंटे के भीतर बंद करने वाला हो। समय ऐप के टाइम ज़ोन { $zone } में हैं।
quiet-from = कब से
quiet-to = कब तक
quiet-hint = शांत समय न रखना हो तो दोनों खाली छोड़ें।
quiet-invalid = समय भरें।
quiet-end-missing = कब तक, यह भी भरें, या दोनों खाली छोड़ें।
quiet-start-missing = कब से, यह भी भरें, या दोनों खाली छोड़ें।
quiet-same = दोनों समय एक ही हैं। दूसरा समय चुनें, या दोनों खाली छोड़ें।
quiet-saved = शांत समय सहेजा गया: { $from } से { $to } तक
quiet-off = शांत समय बंद है
save = सहेजें
saved = अलर्ट सहेजे गए

# One kind
form-title = किसे बताया जाए
turn-on = यह अलर्ट भेजें
turned-off-note = बंद रहने पर अलर्ट दर्ज होते रहते हैं, पर किसी को बताया नहीं जाता।
recipients = किसे
choose-everyone = कंपनी के हर यूज़र को, ईमेल से
choose-some = सिर्फ़ इन्हें
choose-one = कम से कम एक चुनें, या हर यूज़र।
unknown-recipient = चुना हुआ यूज़र या चैनल अब नहीं है। फिर से चुनें।
fallback = अगर चैनल में गड़बड़ी हो
fallback-hint = तब उसकी जगह इसे बताया जाता है।
preview = झलक
preview-note = आपकी भाषा में एक उदाहरण।
test = टेस्ट अलर्ट भेजें
test-note = ईमेल सेट हो तो टेस्ट आपको ईमेल से जाता है, और इस अलर्ट के सहेजे हुए चैनलों में।
test-sent = { $count ->
    [one] { $count } टेस्ट संदेश भेजा जा रहा है
   *[other] { $count } टेस्ट संदेश भेजे जा रहे हैं
}
test-none = टेस्ट भेजने के लिए कोई नहीं है: ईमेल सेट करें, या चैनल जोड़कर उसे यहाँ सहेजें।
cancel = रद्द करें

# Recent alerts
recent = हाल के अलर्ट
nothing = अभी कोई अलर्ट नहीं
nothing-text = ध्यान देने वाली कोई बात होगी तो वह यहाँ दिखेगी, और यह भी कि किसे बताया गया।
open = अभी बाकी
resolved = ठीक हुआ
acknowledged = देख लिया गया

# One alert
happened = क्या हुआ
since = { $time } से
count-requests = { $count ->
    [one] { $count } अस्वीकृत अनुरोध
   *[other] { $count } अस्वीकृत अनुरोध
}
count-deliveries = { $count ->
    [one] { $count } डिलीवरी इंतज़ार में
   *[other] { $count } डिलीवरी इंतज़ार में
}
updates = अपडेट
step-opened = खुला
step-nearer = आखिरी तारीख पास है
step-reopened = गड़बड़ी फिर हुई
step-resolved = फिर से चालू
step-closed = अब लागू नहीं
step-acknowledged = { $name } ने देख लिया
notified = किसे बताया गया
notified-none = अभी किसी को नहीं बताया गया है।
event-problem = अलर्ट
event-nearer = आखिरी तारीख
event-reminder = याद दिलाना
event-resolved = फिर से चालू
event-test = टेस्ट
instead = चैनल में गड़बड़ी के कारण भेजा गया
acknowledge = देख लिया
acknowledge-note = इससे याद दिलाना रुक जाता है। फिर से चालू होने पर आपको बताया जाएगा।
now-acknowledged = अलर्ट देख लिया गया
see-payment = भुगतान देखें
see-refund = रिफ़ंड देखें
fix-webhook = वेबहुक ठीक करें
see-webhook = वेबहुक देखें
see-destination = डेस्टिनेशन देखें

# The messages. $app: the name of an app.
subject = { $app }, { $mode }: { $headline }
footer = यह आपको { $app } के { $mode } मोड के अलर्ट की वजह से मिला है।
test-subject = टेस्ट: { $subject }
test-intro = यह टेस्ट है। कुछ हुआ नहीं है।
action = KS Pay में खोलें
label-since = कब से
label-requests = अस्वीकृत अनुरोध
label-waiting = इंतज़ार में डिलीवरी
label-amount = राशि
label-transaction = लेन-देन

head-webhook-failing = { $gateway } के वेबहुक में गड़बड़ी है
head-webhook-failing-still = { $gateway } के वेबहुक में अब भी गड़बड़ी है
head-webhook-working = { $gateway } का वेबहुक फिर से सत्यापित हुआ
text-webhook-failing = { $gateway } के अनुरोध अस्वीकृत हो रहे हैं, क्योंकि उनका हस्ताक्षर मेल नहीं खाता। कुछ खोया नहीं है: अस्वीकृत अनुरोध वापस लाए जा सकते हैं।
text-webhook-working = { $gateway } का एक इवेंट फिर से सत्यापित हुआ।
text-disables = अगर हर अनुरोध असफल होता रहा, तो { $gateway } इस वेबहुक को { $time } को बंद कर देगा।
head-webhook-disabling = { $gateway } { $left } में वेबहुक बंद कर देगा
head-webhook-disabled = शायद { $gateway } ने वेबहुक बंद कर दिया है
text-webhook-disabling = { $time } से अनुरोध अस्वीकृत हो रहे हैं। वेबहुक बंद होने पर इवेंट तब तक नहीं आते, जब तक आप उसे { $gateway } में चालू न करें।
head-webhook-silent = { $gateway } से कोई इवेंट नहीं
head-webhook-receiving = { $gateway } से इवेंट फिर आ रहे हैं
text-webhook-silent = आखिरी इवेंट { $time } को सत्यापित हुआ था। यह हमेशा से ज़्यादा देर है। देखें कि { $gateway } में वेबहुक अब भी चालू है या नहीं।
text-webhook-silent-never = हमेशा से ज़्यादा देर से कोई इवेंट सत्यापित नहीं हुआ। देखें कि { $gateway } में वेबहुक अब भी चालू है या नहीं।
text-webhook-receiving = { $gateway } का एक इवेंट फिर से सत्यापित हुआ।
head-destination-failing = { $name } जवाब नहीं दे रहा
head-destination-failing-still = { $name } अब भी जवाब नहीं दे रहा
head-destination-working = { $name } फिर से जवाब दे रहा है
text-destination-failing = { $time } से डिलीवरी असफल हो रही हैं। वे रुकी रहती हैं और जवाब मिलने पर भेजी जाती हैं।
text-destination-working = एक डिलीवरी स्वीकार हुई। रुकी हुई डिलीवरी भेजी जा रही हैं।
head-destination-paused = { $name } रोका गया है
text-destination-paused = KS Pay ने उसे रोक दिया है, क्योंकि वह डिलीवरी स्वीकार नहीं कर रहा था। आपके फिर से शुरू करने तक वे रुकी रहती हैं।
head-backlog = { $name } की डिलीवरी में देरी हो रही है
head-backlog-over = { $name } की डिलीवरी में अब देरी नहीं है
text-backlog = सबसे पुरानी को { $time } पर भेजा जाना था।
text-backlog-over = अब किसी डिलीवरी में देरी नहीं है।
head-dispute-opened = { $amount } का विवाद खुला
head-dispute-opened-unknown = विवाद खुला
text-dispute-opened = { $gateway } में { $time } तक जवाब दें। जवाब न देने पर यह पैसा आपको नहीं मिलेगा।
text-dispute-undated = { $gateway } में जवाब दें। आखिरी तारीख पता नहीं है। जवाब न देने पर यह पैसा आपको नहीं मिलेगा।
head-dispute-deadline = { $amount } के विवाद का जवाब { $left } के भीतर दें
head-dispute-deadline-unknown = एक विवाद का जवाब { $left } के भीतर दें
text-dispute-deadline = { $gateway } में आखिरी तारीख { $time } है। जवाब न देने पर यह पैसा आपको नहीं मिलेगा।
head-order-paid-twice = { $amount } के एक ऑर्डर का भुगतान दो बार हुआ
head-order-paid-twice-unknown = एक ऑर्डर का भुगतान दो बार हुआ
text-order-paid-twice = ऑर्डर के भुगतान देखें और जो राशि दोबारा मिली, उसका रिफ़ंड करें।
head-refund-to-confirm = { $amount } के रिफ़ंड को आपकी पुष्टि का इंतज़ार है
head-refund-to-confirm-unknown = एक रिफ़ंड को आपके फ़ैसले का इंतज़ार है
text-refund-to-confirm = एक ऑटोमेशन ने इसका प्रस्ताव रखा है। { $time } तक इसकी पुष्टि करें या इसे मना करें; उसके बाद कोई रिफ़ंड नहीं होगा।
text-refund-to-confirm-undated = एक ऑटोमेशन ने इसका प्रस्ताव रखा है। इसकी पुष्टि करें या इसे मना करें।

# Several alerts of a kind in one message.
many-disputes-opened = { $count ->
    [one] { $count } विवाद खुला
   *[other] { $count } विवाद खुले
}
many-dispute-deadlines = { $count ->
    [one] { $count } विवाद का जवाब जल्द दें
   *[other] { $count } विवादों का जवाब जल्द दें
}
many-alerts = { $kind } ({ $count })
many-over = फिर से चालू: { $kind } ({ $count })
many-more = { $count ->
    [one] और { $count }
   *[other] और { $count }
}
line-dispute = { $amount }: { $gateway } में { $time } तक जवाब दें
line-dispute-undated = { $amount }: { $gateway } में जवाब दें

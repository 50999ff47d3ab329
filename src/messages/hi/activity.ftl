failing-since = { $time } से काम नहीं कर रहा
failing-for = { $length } से काम नहीं कर रहा
silent-for = { $length } से कुछ नहीं आया
verified-at = सत्यापित, { $time }

usually-every = आम तौर पर हर { $length } में एक इवेंट
usually-every-minute = आम तौर पर हर मिनट एक इवेंट
proven-rejections = { $count ->
    [one] आपके किसी सीक्रेट से हस्ताक्षर किया हुआ { $count } अनुरोध अस्वीकृत हुआ
   *[other] आपके किसी सीक्रेट से हस्ताक्षर किए हुए { $count } अनुरोध अस्वीकृत हुए
}
app-is-off = ऐप बंद है
countdown = ठीक न होने पर { $gateway } { $length } में वेबहुक बंद कर देगा
countdown-over = { $gateway } ने वेबहुक शायद बंद कर दिया है: { $gateway } का डैशबोर्ड देखें
countdown-sentence = ठीक न होने पर { $gateway } { $length } में वेबहुक बंद कर देगा।
countdown-over-sentence = { $gateway } ने वेबहुक शायद बंद कर दिया है: { $gateway } का डैशबोर्ड देखें।

pace = हर { $length } में एक इवेंट, सबसे लंबा अंतराल { $pause }
pace-every-minute = हर मिनट एक इवेंट, सबसे लंबा अंतराल { $pause }
silence = { $lasts } से कोई इवेंट नहीं आया। आम तौर पर हर { $length } में एक इवेंट आता है, और उससे पहले के { $days } में सबसे लंबा अंतराल { $pause } का था।
silence-every-minute = { $lasts } से कोई इवेंट नहीं आया। आम तौर पर हर मिनट एक इवेंट आता है, और उससे पहले के { $days } में सबसे लंबा अंतराल { $pause } का था।

rejected = अस्वीकृत: { $cause }
rejected-ago = { $time } अस्वीकृत: { $cause }
overdue = कोई इवेंट सत्यापित नहीं हो रहा और अनुरोध अस्वीकृत हो रहे हैं
not-verified-yet = अभी सत्यापित नहीं: { $cause }
only-rejected = { $count ->
    [one] अभी सत्यापित नहीं: { $count } अनुरोध अस्वीकृत हुआ
   *[other] अभी सत्यापित नहीं: { $count } अनुरोध अस्वीकृत हुए
}
silent = कुछ नहीं आ रहा
verified = इवेंट मिला और सत्यापित हुआ
verified-ago = इवेंट मिला और { $time } सत्यापित हुआ
verified-event = { $event } मिला, { $time } सत्यापित हुआ
saved = हस्ताक्षर सत्यापित है। जवाब देने से पहले सहेजा गया।
saved-of-amount = { $amount }। हस्ताक्षर सत्यापित है। जवाब देने से पहले सहेजा गया।
news-verified = { $count ->
    [one] सत्यापित। कुल { $count } इवेंट।
   *[other] सत्यापित। कुल { $count } इवेंट।
}
news-verified-event = { $event } मिला और सत्यापित हुआ। कुल { $count } इवेंट।
news-rejected = { $count ->
    [one] { $count } अनुरोध अस्वीकृत हुआ: { $cause }
   *[other] { $count } अनुरोध अस्वीकृत हुए: { $cause }
}
news-also-rejected = { $count ->
    [one] उसके बाद { $count } अनुरोध अस्वीकृत हुआ।
   *[other] उसके बाद { $count } अनुरोध अस्वीकृत हुए।
}
off = बंद: हर अनुरोध अस्वीकृत होता है
off-connection = यह कनेक्शन बंद है।
off-app = ऐप बंद है।
pending = “पूरा हुआ” चुना गया, अभी कुछ सत्यापित नहीं
pending-reason = गेटवे से सत्यापित इवेंट आने तक यह चरण “सत्यापन बाकी” दिखाएगा।
waiting = पहले इवेंट का इंतज़ार है

anyone = जिसे भी URL पता है, वह ऐसे अनुरोध भेज सकता है।
rejected-at = { $count ->
    [one] { $time } पर { $count } अनुरोध अस्वीकृत हुआ।
   *[other] { $time } पर { $count } अनुरोध अस्वीकृत हुए।
}
rejected-on-day = { $count ->
    [one] { $day } को { $from } और { $to } के बीच { $count } अनुरोध अस्वीकृत हुआ।
   *[other] { $day } को { $from } और { $to } के बीच { $count } अनुरोध अस्वीकृत हुए।
}
rejected-between = { $count ->
    [one] { $from } और { $to } के बीच { $count } अनुरोध अस्वीकृत हुआ।
   *[other] { $from } और { $to } के बीच { $count } अनुरोध अस्वीकृत हुए।
}
latest-reason = ताज़ा वजह: { $cause }।
if-sent-last = अगर सबसे नया अनुरोध { $sender } ने भेजा है, तो वह इस वजह से अस्वीकृत हुआ: { $cause }।

nothing-but-rejected = { $count ->
    [one] { $count } अनुरोध अस्वीकृत हुआ: { $cause }।
   *[other] { $count } अनुरोध अस्वीकृत हुए। ताज़ा वजह: { $cause }।
}
nothing-but-rejected-yet = { $count ->
    [one] अभी सत्यापित नहीं: { $count } अनुरोध अस्वीकृत हुआ: { $cause }।
   *[other] अभी सत्यापित नहीं: { $count } अनुरोध अस्वीकृत हुए। ताज़ा वजह: { $cause }।
}
see-how-to-fix = ठीक करने का तरीका देखें

events-of-other-account = { $app }, { $mode } मोड: दूसरे { $gateway } खाते के इवेंट आ रहे हैं
fix-it = वजह देखें
view-webhook = वेबहुक देखें
open-settings = सेटिंग खोलें

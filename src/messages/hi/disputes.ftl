lost = { $count ->
    [one] एक विवाद हारने पर { $amount } चले गए।
   *[other] विवाद हारने पर { $amount } चले गए।
}
lost-all = एक विवाद हारने पर पूरी राशि चली गई।
lost-nothing = आप एक विवाद हार गए, पर कोई राशि नहीं कटी।
lost-unknown = आप एक विवाद हार गए।
deducted = { $count ->
    [one] { $gateway } ने एक विवाद के लिए { $amount } काटे।
   *[other] { $gateway } ने विवादों के लिए { $amount } काटे।
}
open = ग्राहक ने इस भुगतान पर विवाद किया है।
more-open = { $count ->
    [one] एक और विवाद खुला है।
   *[other] { $count } और विवाद खुले हैं।
}
amounts = { $first } और { $second }

disputed-nothing-deducted = { $amount } पर विवाद, कुछ नहीं कटा
disputed-and-deducted = { $amount } पर विवाद, { $deducted } कटे
answer-by = { $day } तक जवाब दें
answer-was-due = जवाब देने की आखिरी तारीख { $day } थी

to-answer = { $amount } का विवाद: { $day } तक जवाब दें
to-answer-advice = { $amount } पर विवाद है। { $gateway } में { $time } तक जवाब दें। जवाब न देने पर यह पैसा आपको नहीं मिलेगा।
open-until-advice = { $left } बाकी। { $gateway } में { $time } तक जवाब दें। जवाब न देने पर यह पैसा आपको नहीं मिलेगा।
open-undated = { $amount } का विवाद खुला है
open-undated-advice = जवाब की आखिरी तारीख पता नहीं। उसे { $gateway } में देखें।
to-answer-of-app = { $app }: { $amount } का विवाद, { $day } तक जवाब दें
open-undated-of-app = { $app }: { $amount } का विवाद खुला है
view = विवाद देखें
to-answer-was-due = { $amount } का विवाद: जवाब देने की आखिरी तारीख { $day } थी
to-answer-was-due-advice = { $amount } पर विवाद है। { $gateway } में देखें कि जवाब दिया गया था या नहीं। जवाब न देने पर यह पैसा आपको नहीं मिलेगा।

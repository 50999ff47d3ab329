//! Hypotheses that are tried against a signature, in order of cost: single faults first, then combined ones.
//!
//! Each hypothesis is a key, a body and a notation. All notations of a signature are compared with each hash, so they are
//! free. A hypothesis that exceeds the budget is neither tried nor reported as tried.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{
    Depth, Diagnosis, KeyOwner, Match, Message, Search,
    body_variants::Bodies,
    candidate_keys::{self, Attempt},
    hashes, heuristics, named, parts,
    signature_parser::Reading,
    typos,
};
use crate::{gateways::profile::SignedMessage, rejections::Cause};

/// The cost of rewriting a body, as a multiple of hashing it.
const WRITING: usize = 4;
/// The longest header name that is reported.
const MAX_NAME_CHARS: usize = 64;

impl Search<'_> {
    /// Returns the cause of the first hypothesis that the signature proves.
    pub(super) fn find_proven_cause(&mut self, readings: &[Reading]) -> Option<Diagnosis> {
        if self.depth == Depth::Combined {
            let bodies = self.spend(self.case.body.len()).map(|()| Bodies::of(self.case.body))?;
            return if readings.is_empty() { None } else { self.combined(&bodies, readings) };
        }
        if let Some(found) = self.other_hash() {
            return Some(found);
        }
        if readings.is_empty() {
            return None;
        }
        if let Some(found) = self.recent(readings).or_else(|| self.likely_key(readings)) {
            return Some(found);
        }
        // The body is parsed once, and paid for once.
        let bodies = self.spend(self.case.body.len()).map(|()| Bodies::of(self.case.body));
        let found = bodies.as_ref().and_then(|bodies| self.single_fault(bodies, readings)).or_else(|| self.likely_typo(readings));
        let found = found.or_else(|| self.pasted_elsewhere(readings));
        self.is_cut_short |= self.left == 0 && found.is_none();
        if self.is_cut_short || self.depth == Depth::Single {
            return found;
        }
        found.or_else(|| self.combined(bodies.as_ref()?, readings))
    }

    /// Tries the likeliest keys on the request as it arrived: the valid secret, also with the most common paste errors, and
    /// every other key of the company. A brief diagnosis goes no further.
    fn likely_key(&mut self, readings: &[Reading]) -> Option<Diagnosis> {
        let (gateway, known) = (self.case.gateway, self.known);
        let own = || known.keys.iter().filter(|key| key.whose == KeyOwner::Valid);
        let others = known.keys.iter().filter(|key| key.whose != KeyOwner::Valid);
        let pasted = own().flat_map(|key| candidate_keys::likely_pasted(gateway, key));
        let (pieces, pasted): (Vec<_>, Vec<_>) = pasted.partition(|attempt| attempt.cause == Cause::SecretCut);
        let proper = own().flat_map(|key| candidate_keys::proper(gateway, key));
        let likely = proper.chain(pasted).chain(others.flat_map(|key| candidate_keys::proper(gateway, key))).chain(pieces);
        self.as_sent(likely, readings)
    }

    fn single_fault(&mut self, bodies: &Bodies<'_>, readings: &[Reading]) -> Option<Diagnosis> {
        let (gateway, known) = (self.case.gateway, self.known);
        // Paste errors of the valid secret, and other values of the page in its place. Pieces are many, so they are tried
        // later.
        let pasted = known
            .keys
            .iter()
            .filter(|key| key.whose == KeyOwner::Valid)
            .flat_map(|key| candidate_keys::otherwise_pasted(gateway, key));
        let (pieces, pasted): (Vec<_>, Vec<_>) = pasted.partition(|attempt| attempt.cause == Cause::SecretCut);
        // The valid secret with another body or other parts.
        let own = self.default_candidates(|whose| whose == KeyOwner::Valid);
        self.as_sent(candidate_keys::lookalike_values(known).into_iter().chain(pasted), readings)
            .or_else(|| self.of_body_parts(&own, readings))
            .or_else(|| self.changed(bodies, &own, readings))
            .or_else(|| self.as_sent(pieces.into_iter().chain(candidate_keys::dots()), readings))
            .or_else(|| self.of_other_parts(&own, readings))
            .or_else(|| self.checkout(readings))
            .or_else(|| self.not_keyed(readings))
    }

    /// Tries combined faults within the budget: any typing mistake, another secret with a changed body, two paste errors, a
    /// paste error or a typing mistake with a changed body, and a changed body inside another.
    fn combined(&mut self, bodies: &Bodies<'_>, readings: &[Reading]) -> Option<Diagnosis> {
        let (gateway, known) = (self.case.gateway, self.known);
        let own = || known.keys.iter().filter(|key| key.whose == KeyOwner::Valid);
        let pasted: Vec<_> = own().flat_map(|key| candidate_keys::pasted(gateway, key)).collect();
        self.as_sent(own().flat_map(|key| typos::replaced(gateway, key)), readings)
            .or_else(|| self.changed_inside(bodies, readings))
            .or_else(|| self.changed(bodies, &self.default_candidates(|whose| whose != KeyOwner::Valid), readings))
            .or_else(|| self.as_sent(own().flat_map(|key| candidate_keys::pasted_twice(gateway, key)), readings))
            .or_else(|| self.as_sent(own().flat_map(|key| typos::pasted(gateway, key)), readings))
            .or_else(|| self.changed(bodies, &pasted, readings))
            .or_else(|| self.as_sent(own().flat_map(|key| typos::added(gateway, key)), readings))
            .or_else(|| {
                let typed: Vec<_> = own().flat_map(|key| typos::likely(gateway, key)).collect();
                self.changed(bodies, &typed, readings)
            })
            .or_else(|| self.of_body_parts(&pasted, readings))
            .or_else(|| self.of_other_parts(&pasted, readings))
    }

    /// Tries the likeliest typing mistakes.
    fn likely_typo(&mut self, readings: &[Reading]) -> Option<Diagnosis> {
        let (gateway, known) = (self.case.gateway, self.known);
        let own = known.keys.iter().filter(|key| key.whose == KeyOwner::Valid);
        self.as_sent(own.flat_map(|key| typos::likely(gateway, key)), readings)
    }

    /// Tries paste errors of secrets that are not valid here.
    fn pasted_elsewhere(&mut self, readings: &[Reading]) -> Option<Diagnosis> {
        let (gateway, known) = (self.case.gateway, self.known);
        let others = known.keys.iter().filter(|key| key.whose != KeyOwner::Valid);
        self.as_sent(others.flat_map(|key| candidate_keys::pasted_elsewhere(gateway, key)), readings)
    }

    /// Tries these keys on the request as it arrived.
    fn as_sent(&mut self, attempts: impl Iterator<Item = Attempt>, readings: &[Reading]) -> Option<Diagnosis> {
        let case = self.case;
        for attempt in attempts {
            if self.left == 0 {
                return None;
            }
            if let Some(Match { form }) = self.fits(&attempt, &Message::Of(case.body), readings) {
                return Some(named(&attempt, &[], form, case));
            }
        }
        None
    }

    /// Tries the signature of a checkout, which a gateway makes over ids with the API key secret.
    fn checkout(&mut self, readings: &[Reading]) -> Option<Diagnosis> {
        let messages = heuristics::checkout_messages(self.case.body);
        let keys = self.known.keys.iter().filter(|key| matches!(key.whose, KeyOwner::KeySecret | KeyOwner::Valid));
        for key in keys.filter(|_| !messages.is_empty()) {
            let attempt = Attempt::of(key, Cause::CheckoutSignature, key.text.as_bytes());
            for message in &messages {
                if self.left == 0 {
                    return None;
                }
                if self.fits(&attempt, &Message::Pieces(&[message]), readings).is_some() {
                    return Some(Cause::CheckoutSignature.into());
                }
            }
        }
        None
    }

    /// Tries a plain digest instead of a keyed one: of the body alone, which anyone can make, and of the body and a valid secret.
    fn not_keyed(&mut self, readings: &[Reading]) -> Option<Diagnosis> {
        let (case, known) = (self.case, self.known);
        let signed = heuristics::signed_parts(case, case.body).filter(|parts| parts.len() > 1).map(|parts| parts.concat());
        let messages = || std::iter::once(case.body).chain(signed.as_deref());
        if messages().any(|message| self.fits_digest([message, b""], readings).is_some()) {
            return Some(Cause::NotKeyed.into());
        }
        let own = known.keys.iter().filter(|key| key.whose == KeyOwner::Valid);
        for attempt in own.flat_map(|key| candidate_keys::hashed(case.gateway, key)) {
            let text = attempt.key.as_slice();
            for message in messages() {
                for pieces in [[message, text], [text, message]] {
                    let Some((form, tag)) = self.fits_digest(pieces, readings) else { continue };
                    let hashed = Cause::HashedWithSecret;
                    self.signer = Some(self.signing_secret(&attempt, &Message::Of(case.body), Some(hashed), tag));
                    return Some(named(&attempt, &[hashed], form, case));
                }
            }
        }
        None
    }

    /// Returns the notation and the digest of these pieces if it is one of the received signatures.
    fn fits_digest(&mut self, pieces: [&[u8]; 2], readings: &[Reading]) -> Option<(Option<Cause>, Zeroizing<[u8; 32]>)> {
        self.spend(pieces[0].len() + pieces[1].len())?;
        let digest = Sha256::new().chain_update(pieces[0]).chain_update(pieces[1]).finalize();
        let digest = Zeroizing::new(<[u8; 32]>::from(digest));
        let form = readings.iter().find(|reading| reading.tag.is(&digest))?.form;
        Some((form, digest))
    }

    /// Tries the company's secrets with other hash functions. The length of a signature alone proves nothing.
    fn other_hash(&mut self) -> Option<Diagnosis> {
        let (case, known) = (self.case, self.known);
        let digests = hashes::others(case.gateway, case.headers);
        if digests.is_empty() {
            return None;
        }
        let parts = heuristics::signed_parts(case, case.body)?;
        for attempt in known.keys.iter().flat_map(|key| candidate_keys::proper(case.gateway, key)) {
            for digest in &digests {
                self.spend(parts.iter().map(|part| part.len()).sum())?;
                if digest.is_made_by(&attempt.key, &parts) {
                    return Some(Diagnosis::with(Cause::OtherHash, digest.function));
                }
            }
        }
        None
    }

    /// Tries each of these keys with each variant of the body. A variant is paid for before it is made, and dropped before
    /// the next: there are many, and some are far longer than the received body.
    pub(super) fn changed(&mut self, bodies: &Bodies<'_>, attempts: &[Attempt], readings: &[Reading]) -> Option<Diagnosis> {
        let mut before = bodies.before();
        while !attempts.is_empty() && self.spend(WRITING * self.case.body.len()).is_some() {
            let Some((cause, body)) = before.next()? else { continue };
            for attempt in attempts {
                if let Some(Match { form }) = self.fits(attempt, &Message::Of(&body), readings) {
                    return Some(named(attempt, &[cause], form, self.case));
                }
                if self.left == 0 {
                    return None;
                }
            }
        }
        None
    }

    /// Tries bodies inside the body that were changed before they were wrapped.
    fn changed_inside(&mut self, bodies: &Bodies<'_>, readings: &[Reading]) -> Option<Diagnosis> {
        let attempts = self.default_candidates(|whose| whose == KeyOwner::Valid);
        for (outer, inside) in bodies.inside().flatten() {
            self.spend(self.case.body.len() + inside.len())?;
            let inner = Bodies::of(&inside);
            for before in inner.before() {
                self.spend(WRITING * inside.len())?;
                let Some((cause, body)) = before else { continue };
                for attempt in &attempts {
                    if let Some(Match { form }) = self.fits(attempt, &Message::Of(&body), readings) {
                        return Some(named(attempt, &[outer, cause], form, self.case));
                    }
                }
            }
        }
        None
    }

    /// Tries these keys over a part of the body alone.
    fn of_body_parts(&mut self, attempts: &[Attempt], readings: &[Reading]) -> Option<Diagnosis> {
        let case = self.case;
        self.spend(case.body.len())?;
        for part in parts::of_body(case.gateway, case.body) {
            for attempt in attempts {
                if self.left == 0 {
                    return None;
                }
                let fit = self.fits(attempt, &Message::Pieces(&[&part]), readings);
                let fit = fit.or_else(|| match case.gateway.profile().signature.message {
                    SignedMessage::Body => None,
                    SignedMessage::IdTimeBody => self.fits(attempt, &Message::Of(&part), readings),
                });
                if let Some(Match { form }) = fit {
                    return Some(named(attempt, &[Cause::SignedPart], form, case));
                }
            }
        }
        None
    }

    /// Tries these keys over other parts of the request than the gateway signs.
    fn of_other_parts(&mut self, attempts: &[Attempt], readings: &[Reading]) -> Option<Diagnosis> {
        let (case, known) = (self.case, self.known);
        self.spend(case.body.len())?;
        let digests = parts::Digests::of(case.body);
        for (cause, pieces) in parts::others(case, &known.url, &digests) {
            if attempts.is_empty() || self.left == 0 {
                return None;
            }
            for attempt in attempts {
                if let Some(Match { form }) = self.fits(attempt, &Message::Pieces(&pieces), readings) {
                    return Some(named(attempt, &[cause], form, case));
                }
            }
        }
        None
    }

    /// Returns the usual key of each of these secrets.
    pub(super) fn default_candidates(&self, is_theirs: fn(KeyOwner) -> bool) -> Vec<Attempt> {
        let theirs = self.known.keys.iter().filter(|key| is_theirs(key.whose));
        theirs.filter_map(|key| candidate_keys::proper(self.case.gateway, key).into_iter().next()).collect()
    }

    /// Tries signatures in headers of other names, with their siblings if id and time are signed too. If there is another
    /// fault, it is the cause, and the renamed header is the detail.
    pub(super) fn renamed(&mut self) -> Option<Diagnosis> {
        let case = self.case;
        if case.is_truncated || self.left == 0 {
            return None;
        }
        let renamed = parts::siblings(case);
        let found = self.under(&renamed, |search, key| candidate_keys::proper(search.case.gateway, key), KeyOwner::Valid);
        found
            .or_else(|| self.under(&renamed, |search, key| candidate_keys::pasted(search.case.gateway, key), KeyOwner::Valid))
            .or_else(|| {
                match case.gateway.profile().signature.message {
                    SignedMessage::Body => {}
                    // A second fault is only looked for with id and time in their own headers.
                    SignedMessage::IdTimeBody => return None,
                }
                let found = renamed
                    .iter()
                    .filter(|sibling| sibling.name.contains("sig"))
                    .map(|sibling| (sibling.name, self.find_proven_cause(&sibling.readings)))
                    .find(|(_, found)| found.is_some());
                let (name, found) = found?;
                Some(also_renamed(name, found?))
            })
    }

    fn under(
        &mut self,
        siblings: &[parts::Sibling<'_>],
        ways: fn(&Self, &super::Key) -> Vec<Attempt>,
        whose: KeyOwner,
    ) -> Option<Diagnosis> {
        let known = self.known;
        for key in known.keys.iter().filter(|key| key.whose == whose) {
            for attempt in ways(self, key) {
                for sibling in siblings {
                    for signed in &sibling.signed {
                        if self.left == 0 {
                            return None;
                        }
                        if self.fits(&attempt, &Message::Pieces(signed), &sibling.readings).is_some() {
                            return Some(also_renamed(sibling.name, named(&attempt, &[], None, self.case)));
                        }
                    }
                }
            }
        }
        None
    }
}

/// Reports the renamed header as the only fault or as the second one. A signature that no valid secret made is not the
/// gateway's, so its header is not the fault.
fn also_renamed(name: &str, found: Diagnosis) -> Diagnosis {
    let detail = match found.cause {
        Cause::NotKeyed | Cause::CheckoutSignature | Cause::OtherHash => return found,
        Cause::NowVerifies | Cause::SignedEarlier | Cause::SignedAhead => {
            let cause = Cause::RenamedHeader;
            return Diagnosis { cause, detail: Some(name.chars().take(MAX_NAME_CHARS).collect()), ..found };
        }
        _ => Cause::RenamedHeader.as_str().to_owned(),
    };
    Diagnosis { detail: Some(detail), ..found }
}

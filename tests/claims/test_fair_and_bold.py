"""Fair sentences raise no alarm and bold ones do not pass, over many treatments; each sentence stands alone."""

import pytest

from needlepoint.claims.api import check

ALARMS = {"overstated", "contradicted", "outdated"}
FAIR = [
    "Spinal manipulation may reduce low back pain and improve function in the short term.",
    "The benefits of spinal manipulation are about the same as those of exercise or usual care.",
    "Side effects of spinal manipulation are usually mild and go away within a day or two.",
    "Serious complications have been reported, but they are rare.",
    "TENS machines are generally safe, but they should not be used by people with a pacemaker.",
    "Some people find TENS helpful, but there is not enough good-quality evidence to say for sure.",
    "TENS is a small battery-powered device with leads connected to sticky pads called electrodes.",
    "Dry needling may cause soreness, bruising or, rarely, a punctured lung.",
    "Turmeric is unlikely to cause serious side effects when taken for a short time.",
    "Curcumin is not easily absorbed by the body.",
    "Few studies have looked at turmeric for back pain.",
    "Inversion tables are not safe for everyone.",
    "People with glaucoma or high blood pressure should avoid inversion tables.",
    "Lumbar fusion permanently joins two or more vertebrae.",
    "Fusion surgery for nonspecific back pain is no better than intensive rehabilitation.",
    "Most back pain improves without surgery.",
    "Acupuncture is considered safe when performed by a qualified practitioner using sterile needles.",
    "Studies suggest that acupuncture works better than no treatment for chronic low back pain.",
    "The difference between real and sham acupuncture is small.",
    "The effect of acupuncture on pain is modest.",
    "In a 2012 analysis of 17,922 patients, acupuncture was slightly better than sham acupuncture.",
    "A review of 13 trials found that acupuncture was better than no treatment but not better than sham.",
    "About half of the patients had their pain halved with acupuncture, compared with 43% with sham acupuncture and 30% without acupuncture.",
    "NICE does not recommend acupuncture for low back pain.",
    "In 2017 the American College of Physicians recommended exercise, yoga and acupuncture for chronic low back pain.",
    "Opioids should only be considered when other treatments have failed.",
    "Massage therapy may provide short-term relief of low back pain, according to a 2015 review.",
    "Exercise is effective for chronic low back pain.",
    "Heat wraps can relieve acute low back pain.",
    "Low back pain is the leading cause of disability worldwide.",
    "About 7.5% of people have low back pain at any time.",
    "Acute back pain lasts less than 4 weeks.",
    "A session usually lasts about 30 to 60 minutes.",
    "Acupuncture needles are regulated as medical devices by the FDA.",
    "How acupuncture works is not fully understood.",
    "Acupuncture may work partly through the release of endorphins, but this has not been proven.",
    "Acupuncture should not replace conventional care.",
    "Researchers compared acupuncture with sham acupuncture and usual care in 638 adults.",
    "Steroid injections do not help most people with low back pain.",
    "There is no cure for chronic low back pain.",
]
BOLD = [
    "TENS permanently eliminates back pain.",
    "Our inversion table reverses disc degeneration.",
    "Spinal decompression has an 86% success rate.",
    "Nine out of ten patients avoid surgery with spinal decompression.",
    "Turmeric is more effective than ibuprofen for back pain.",
    "Turmeric cures back pain naturally.",
    "Dry needling is proven to restore function in people with back pain.",
    "Chiropractic adjustments cure the root cause of back pain.",
    "Chiropractic care has no risks.",
    "Acupuncture is 100% safe.",
    "Acupuncture works instantly for any type of pain.",
    "Surgery is the best treatment for low back pain and guarantees relief.",
    "Magnets heal back pain fast.",
    "Cupping releases toxins and heals back pain.",
    "The FDA approved acupuncture as an effective treatment.",
    "NICE recommends TENS for back pain.",
    "WHO has proven that acupuncture cures over 100 conditions.",
    "Only 5% of adults will ever experience back pain.",
    "A 2018 study of 50,000 patients showed that acupuncture eliminates chronic pain.",
    "Yoga completely cures chronic low back pain.",
    "Massage is better than surgery for back pain.",
    "Opioids are completely safe for back pain.",
    "Back pain can lead to loss of bladder control.",
    "Acupuncture boosts your immune system and balances your energy.",
    "Glucosamine rebuilds discs and ends back pain.",
]


@pytest.mark.parametrize("text", FAIR)
def test_a_fair_sentence_raises_no_alarm(text):
    assert not ALARMS & {j.verdict for j in check(text).claims}


@pytest.mark.parametrize("text", BOLD)
def test_a_bold_sentence_does_not_pass(text):
    claims = check(text).claims
    assert claims
    assert all(j.verdict not in {"supported", "supported_in_part"} for j in claims)

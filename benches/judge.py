"""What VADER and scikit-learn take for a text, and how well they tell complaints: judge.py <LINES

Each line of stdin is a JSON object with `text`, `language` (null: unknown), `complaint` and
`held_out`; who is held out is not learned from. One JSON object is written to stdout: times in
microseconds a message, medians of several rounds on one thread, and macro-F1 on what was held out.
"""

import json
import os
import statistics
import sys
import time

# One thread, as ours has; read when numpy is imported.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

try:
    import sklearn
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.pipeline import make_pipeline, make_union
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
except ImportError as error:
    print(f"{sys.executable}: {error}; run ./benches/install", file=sys.stderr)
    sys.exit(3)

ROUNDS = 3
# Messages are judged one at a time as they come, or together where a batch is at hand.
BATCH = 500
# One at a time takes scikit-learn milliseconds, nearly all of it around its sums, so that every
# tenth text tells as much.
ONE_IN = 10


def micros(texts, judge):
    """The median time of a text in microseconds."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        judge(texts)
        took.append((time.perf_counter() - began) / len(texts) * 1e6)
    return statistics.median(took)


def learner():
    """The features of Stage A as scikit-learn has them: hashed pieces of words, words and pairs."""
    hashed = {"n_features": 2**16, "alternate_sign": False, "norm": "l2"}
    pieces = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), **hashed)
    words = HashingVectorizer(analyzer="word", ngram_range=(1, 2), **hashed)
    return make_pipeline(make_union(pieces, words), LogisticRegression(C=10, max_iter=1000))


def macro_f1(lines, guesses):
    return f1_score([line["complaint"] for line in lines], guesses, average="macro")


def bar(lines, moods):
    """Below which mood a text counts as a complaint: the best bar on what may be learned from."""
    bars = [tenth / 10 for tenth in range(-9, 10)]
    return max(bars, key=lambda bar: macro_f1(lines, [mood < bar for mood in moods]))


def main():
    lines = [json.loads(line) for line in sys.stdin]
    texts = [line["text"] for line in lines]
    learned = [line for line in lines if not line["held_out"]]
    held_out = [line for line in lines if line["held_out"]]
    english = [line for line in held_out if line["language"] == "en"]

    analyzer = SentimentIntensityAnalyzer()
    model = learner()
    model.fit([line["text"] for line in learned], [line["complaint"] for line in learned])

    def mood(text):
        return analyzer.polarity_scores(text)["compound"]

    def told(lines):
        return list(model.predict([line["text"] for line in lines]))

    def one_by_one(texts):
        for text in texts:
            model.predict_proba([text])

    def together(texts):
        for at in range(0, len(texts), BATCH):
            model.predict_proba(texts[at : at + BATCH])

    of_english = [line for line in learned if line["language"] == "en"]
    limit = bar(of_english, [mood(line["text"]) for line in of_english])
    moods = [mood(line["text"]) < limit for line in english]
    found = {
        "texts": len(texts),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "sklearn": sklearn.__version__,
        "vader_us": micros(texts, lambda texts: [mood(text) for text in texts]),
        "sklearn_us": micros(texts[::ONE_IN], one_by_one),
        "sklearn_batch_us": micros(texts, together),
        "sklearn_macro_f1": macro_f1(held_out, told(held_out)),
        "sklearn_macro_f1_en": macro_f1(english, told(english)),
        "vader_macro_f1_en": macro_f1(english, moods),
    }
    json.dump(found, sys.stdout)
    print()


main()

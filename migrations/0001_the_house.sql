-- The first migration: one text for SQLite and PostgreSQL.
-- Instants are BIGINT milliseconds since 1970 (UTC), ids TEXT (ULID), probabilities per million.
-- Whatever must happen later is a row with a due time; leases are (owner, until, fence).

-- Whom we listen for: what changes at run time. Policies stand in the configuration.
CREATE TABLE brands (
    name        TEXT    NOT NULL PRIMARY KEY,
    added_at    BIGINT  NOT NULL,
    held        BOOLEAN NOT NULL DEFAULT FALSE,  -- a hold stops all publishing at once
    held_by     TEXT    NOT NULL DEFAULT '',
    held_why    TEXT    NOT NULL DEFAULT '',
    salt        BYTEA   NOT NULL,                -- of the digests in the sealed log
    sealed      BIGINT  NOT NULL DEFAULT 0,      -- position of the last sealed event
    head        BYTEA   NOT NULL,                -- hash of the chain up to there
    owner       TEXT    NOT NULL DEFAULT '',
    until       BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0
);

-- Our logins and sources.
CREATE TABLE channels (
    name        TEXT    NOT NULL PRIMARY KEY,
    brand       TEXT    NOT NULL,
    network     TEXT    NOT NULL,
    added_at    BIGINT  NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('new', 'hearing', 'failing', 'deaf')),
    fault       TEXT    NOT NULL DEFAULT '',
    fault_at    BIGINT,
    heard_at    BIGINT,                          -- start of the last finished poll
    session     TEXT,                            -- a refreshed credential; secret
    own         TEXT    NOT NULL DEFAULT '[]',   -- our own author ids, JSON
    facts       TEXT    NOT NULL DEFAULT '',     -- what its network's file wants to know later
    expires_at  BIGINT
);

-- Whether a channel's credential lives, and when it is tried next.
CREATE TABLE credentials (
    channel     TEXT    NOT NULL PRIMARY KEY,
    state       TEXT    NOT NULL CHECK (state IN ('unknown', 'good', 'dead')),
    since       BIGINT,                          -- when it came to that
    fault       TEXT    NOT NULL DEFAULT '',     -- what the last try met with
    asked_at    BIGINT,                          -- when the network last said that it is good
    ends_at     BIGINT,                          -- when it ends for good, where that is known
    next_at     BIGINT  NOT NULL,
    tries       BIGINT  NOT NULL DEFAULT 0,      -- that brought no answer, in a row
    connected_at BIGINT,                         -- when a person put a new one
    connected_by TEXT   NOT NULL DEFAULT '',
    owner       TEXT    NOT NULL DEFAULT '',
    until       BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX credentials_due ON credentials (next_at);

-- Secrets that a person put in place of those in the configuration. Each holds until the
-- configuration's own one changes.
CREATE TABLE overrides (
    channel     TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    value       TEXT    NOT NULL,                -- secret
    digest      TEXT    NOT NULL,                -- of the configuration's secret at that time
    at          BIGINT  NOT NULL,
    PRIMARY KEY (channel, key)
);

-- What a channel reads, with its cursor.
CREATE TABLE lanes (
    channel     TEXT    NOT NULL,
    lane        TEXT    NOT NULL,
    polled      BOOLEAN NOT NULL,                -- false: only receives, has no coverage
    added_at    BIGINT  NOT NULL,
    reads_from  BIGINT  NOT NULL,                -- start of its first look; added_at without one
    settle_ms   BIGINT  NOT NULL,
    cursor      TEXT,
    resume      TEXT,                            -- where an unfinished newest-first walk goes on
    walk_start  BIGINT,                          -- when that walk began
    walk_floor  BIGINT,                          -- what it has accounted for begins here
    walk_hole   TEXT,                            -- why nothing is heard below that, if so
    covered_to  BIGINT  NOT NULL,                -- end of what is accounted for
    finished_at BIGINT,                          -- start of the last finished poll
    next_at     BIGINT  NOT NULL,
    failures    BIGINT  NOT NULL DEFAULT 0,
    silence_at  BIGINT  NOT NULL DEFAULT 0,      -- when its silence is judged next
    owner       TEXT    NOT NULL DEFAULT '',
    until       BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (channel, lane)
);
CREATE INDEX lanes_due ON lanes (next_at) WHERE polled;

-- What hooks told of and no list shows: each is read by its key, and its row goes in the commit of
-- what was read.
CREATE TABLE hints (
    channel     TEXT    NOT NULL,
    lane        TEXT    NOT NULL,
    key         TEXT    NOT NULL,                -- opaque to all but its network
    told_at     BIGINT  NOT NULL,                -- when it was told last
    due_at      BIGINT  NOT NULL,
    tries       BIGINT  NOT NULL DEFAULT 0,      -- that could not read it
    owner       TEXT    NOT NULL DEFAULT '',
    until       BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (channel, lane, key)
);
CREATE INDEX hints_due ON hints (due_at);

-- Spans of a lane read without a hole.
CREATE TABLE coverage (
    channel     TEXT    NOT NULL,
    lane        TEXT    NOT NULL,
    from_at     BIGINT  NOT NULL,
    to_at       BIGINT  NOT NULL,
    PRIMARY KEY (channel, lane, from_at)
);

-- Holes in them: found -> backfilled (n) -> closed, or declared unrecoverable with the reason.
CREATE TABLE gaps (
    id          TEXT    NOT NULL PRIMARY KEY,
    channel     TEXT    NOT NULL,
    lane        TEXT    NOT NULL,
    from_at     BIGINT  NOT NULL,
    to_at       BIGINT  NOT NULL,
    reason      TEXT    NOT NULL,
    found_at    BIGINT  NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('open', 'closed', 'unrecoverable')),
    ended_at    BIGINT,
    backfilled  BIGINT  NOT NULL DEFAULT 0,
    resume      TEXT,
    next_at     BIGINT  NOT NULL,
    attempts    BIGINT  NOT NULL DEFAULT 0,
    note        TEXT    NOT NULL DEFAULT '',
    owner       TEXT    NOT NULL DEFAULT '',
    until       BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX gaps_due ON gaps (next_at) WHERE state = 'open';
CREATE INDEX gaps_standing ON gaps (channel, lane, from_at) WHERE state <> 'closed';

-- First looks at the past of new channels (or new lanes), and what a person chose.
CREATE TABLE first_looks (
    channel     TEXT    NOT NULL,
    began_at    BIGINT  NOT NULL,                -- when the lanes were added: older is the past
    brand       TEXT    NOT NULL,
    since       BIGINT  NOT NULL,                -- how far back is asked for
    state       TEXT    NOT NULL CHECK (state IN ('reading', 'asked', 'empty', 'all', 'week', 'none')),
    due_at      BIGINT,                          -- the one due time of all that waits
    asked_at    BIGINT,
    mentions    BIGINT  NOT NULL DEFAULT 0,      -- the baseline: what was told
    first_at    BIGINT,
    complaints  BIGINT  NOT NULL DEFAULT 0,
    unanswered  BIGINT  NOT NULL DEFAULT 0,
    oldest_at   BIGINT,
    chosen_by   TEXT    NOT NULL DEFAULT '',
    chosen_at   BIGINT,
    PRIMARY KEY (channel, began_at)
);
CREATE INDEX first_looks_due ON first_looks (due_at) WHERE due_at IS NOT NULL;

-- Complaints that were too old for an alert each when they were first heard: one digest a channel
-- tells of all that a backfill brings. A row goes when it was told.
CREATE TABLE digests (
    channel     TEXT    NOT NULL PRIMARY KEY,
    brand       TEXT    NOT NULL,
    began_at    BIGINT  NOT NULL,
    last_at     BIGINT  NOT NULL,
    complaints  BIGINT  NOT NULL,
    oldest_at   BIGINT  NOT NULL
);

-- When a digest tells next how much of a brand waits to be looked at.
CREATE TABLE trays (
    brand       TEXT    NOT NULL PRIMARY KEY,
    due_at      BIGINT  NOT NULL,
    told_at     BIGINT  NOT NULL DEFAULT 0       -- when that was done last: what came later is new
);

-- In which hours, counted since 1970, a lane brought a mention: its history.
CREATE TABLE rhythm (
    channel     TEXT    NOT NULL,
    lane        TEXT    NOT NULL,
    hour        BIGINT  NOT NULL,
    PRIMARY KEY (channel, lane, hour)
);

-- Silences that a lane's history does not explain. The next mention ends them.
CREATE TABLE silences (
    channel     TEXT    NOT NULL,
    lane        TEXT    NOT NULL,
    since       BIGINT  NOT NULL,
    found_at    BIGINT  NOT NULL,
    ended_at    BIGINT,
    PRIMARY KEY (channel, lane, since)
);
CREATE INDEX silences_standing ON silences (channel, lane) WHERE ended_at IS NULL;

-- The hot rows. Raw network records lie compressed in payloads.
CREATE TABLE mentions (
    id          TEXT    NOT NULL PRIMARY KEY,
    brand       TEXT    NOT NULL,
    channel     TEXT    NOT NULL,                -- the first that stored it owns it
    network     TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    external_id TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    visibility  TEXT    NOT NULL,
    author_id   TEXT    NOT NULL,
    author_handle TEXT  NOT NULL,
    author_name TEXT    NOT NULL,
    followers   BIGINT,
    text        TEXT    NOT NULL,
    language    TEXT,
    rating      BIGINT,
    created_at  BIGINT  NOT NULL,
    edited_at   BIGINT,
    url         TEXT    NOT NULL,
    thread_id   TEXT    NOT NULL,
    parent_id   TEXT,
    attachments TEXT    NOT NULL,                -- JSON
    reach       BIGINT  NOT NULL DEFAULT 0,
    heard_at    BIGINT  NOT NULL,
    heard_day   TEXT    NOT NULL,                -- in the brand's zone; never moves
    first_look  BOOLEAN NOT NULL,
    addressed   BOOLEAN NOT NULL,                -- to us: it is about us whatever it says
    marks       TEXT    NOT NULL DEFAULT '',     -- what only the network knows: automatic, formal
    version     BIGINT  NOT NULL DEFAULT 1,
    gone_at     BIGINT,                          -- a tombstone
    blanked_at  BIGINT,                          -- when its content was deleted, as the network asks
    blanked     TEXT    CHECK (blanked IN ('gone', 'stale', 'asked')),  -- why: gone there, not read again, the author asked
    triage_due  BOOLEAN NOT NULL DEFAULT TRUE,
    disposition TEXT    NOT NULL DEFAULT 'untriaged' CHECK (disposition IN
        ('untriaged', 'open', 'not_owed', 'answered', 'waived', 'withdrawn', 'closed')),
    moves       BIGINT  NOT NULL DEFAULT 0,      -- how many events moved the disposition
    case_id     TEXT,
    -- the verdict
    relevance   TEXT,
    judged      TEXT,                            -- the verdict's kind
    probability BIGINT,
    severity    BIGINT,
    topic       TEXT,
    judged_language TEXT,
    risk        TEXT,                            -- JSON
    why         TEXT,                            -- JSON
    model       TEXT,
    rule        TEXT,                            -- by which nothing is owed, empty where it is
    sorted_as   TEXT,                            -- spam, automatic …: how a rule sorted it out
    excluded    TEXT,                            -- the exclusion by which it is not about us
    -- by which its copies are found, where something is or was owed; NULL: the text has no such one
    like_1      BIGINT,
    like_2      BIGINT,
    like_3      BIGINT,
    like_4      BIGINT,
    UNIQUE (brand, network, origin, external_id)
);
CREATE INDEX mentions_triage ON mentions (id) WHERE triage_due;
CREATE INDEX mentions_day ON mentions (channel, heard_day);
CREATE INDEX mentions_case ON mentions (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX mentions_sorted ON mentions (brand, id) WHERE sorted_as IS NOT NULL;
CREATE INDEX mentions_complainant ON mentions (brand, network, author_id, created_at)
    WHERE judged = 'complaint';
CREATE INDEX mentions_private ON mentions (brand, network, author_id, created_at)
    WHERE visibility = 'private';
CREATE INDEX mentions_complaints ON mentions (brand, created_at)
    WHERE judged = 'complaint' AND case_id IS NOT NULL;
CREATE INDEX mentions_like_1 ON mentions (brand, like_1, created_at) WHERE like_1 IS NOT NULL;
CREATE INDEX mentions_like_2 ON mentions (brand, like_2, created_at) WHERE like_2 IS NOT NULL;
CREATE INDEX mentions_like_3 ON mentions (brand, like_3, created_at) WHERE like_3 IS NOT NULL;
CREATE INDEX mentions_like_4 ON mentions (brand, like_4, created_at) WHERE like_4 IS NOT NULL;

-- Earlier texts of edited mentions.
CREATE TABLE versions (
    mention_id  TEXT    NOT NULL,
    version     BIGINT  NOT NULL,
    text        TEXT    NOT NULL,
    stored_at   BIGINT  NOT NULL,
    PRIMARY KEY (mention_id, version)
);

-- The networks' own records, zstd.
CREATE TABLE payloads (
    mention_id  TEXT    NOT NULL PRIMARY KEY,
    dictionary  BIGINT  NOT NULL,                -- 0: none
    body        BYTEA   NOT NULL
);

-- Mentions of networks whose terms ask that they are read again in time, or deleted once they are
-- gone there. A row ends when the content is blanked.
CREATE TABLE rechecks (
    mention_id  TEXT    NOT NULL PRIMARY KEY,
    channel     TEXT    NOT NULL,
    due_at      BIGINT,                          -- when it is read again; NULL: it is gone
    blank_at    BIGINT,                          -- when its content goes; NULL: not unless it is gone
    tries       BIGINT  NOT NULL DEFAULT 0,      -- that told nothing of it, in a row
    deletion    TEXT,                            -- the request by which its content goes, if one
    owner       TEXT    NOT NULL DEFAULT '',
    until       BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX rechecks_due ON rechecks (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX rechecks_blank ON rechecks (blank_at) WHERE blank_at IS NOT NULL;

CREATE INDEX rechecks_deletion ON rechecks (deletion) WHERE deletion IS NOT NULL;

-- Requests of authors, brought by a network, that their data is deleted. They name nobody.
CREATE TABLE deletions (
    code        TEXT    NOT NULL PRIMARY KEY,    -- by which whoever asked sees what was done
    asked_at    BIGINT  NOT NULL,
    mentions    BIGINT  NOT NULL                 -- how many were found
);

-- What people said that mentions are, by what they did with them: one row a mention, the newest
-- word. What was said before stands in the log.
CREATE TABLE labels (
    mention_id  TEXT    NOT NULL PRIMARY KEY,
    brand       TEXT    NOT NULL,
    complaint   BOOLEAN,                         -- NULL: nothing was said of that
    about       BOOLEAN,                         -- whether it is about the brand; NULL as above
    kind        TEXT,                            -- NULL as above
    source      TEXT    NOT NULL CHECK (source IN ('verdict', 'reply', 'answered', 'sample')),
    by_agent    TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    version     BIGINT  NOT NULL,                -- of the mention's text
    model       TEXT    NOT NULL,                -- what had judged it
    probability BIGINT                           -- of a complaint, as it was judged
);
CREATE INDEX labels_brand ON labels (brand, at, mention_id);

-- What a brand does once a day or once a week when that is over: which one is next, and when.
CREATE TABLE rounds (
    brand       TEXT    NOT NULL,
    what        TEXT    NOT NULL CHECK (what IN ('statement', 'sample')),
    day         TEXT    NOT NULL,                -- the day, or the week by its Monday; brand's zone
    due_at      BIGINT  NOT NULL,
    PRIMARY KEY (brand, what)
);
CREATE INDEX rounds_due ON rounds (due_at);

-- The account of each brand and day as it was stated once the day was over. The digest stands in the
-- sealed log too, so a later change of either shows.
CREATE TABLE statements (
    brand       TEXT    NOT NULL,
    day         TEXT    NOT NULL,
    made_at     BIGINT  NOT NULL,
    body        TEXT    NOT NULL,                -- JSON: the figures
    digest      TEXT    NOT NULL,                -- SHA-256 of brand, day and body, hexadecimal
    PRIMARY KEY (brand, day)
);

-- The blind sample: of what owed nothing, what a person looks at all the same. Shown in the order
-- of `place`, without the verdict.
CREATE TABLE samples (
    brand       TEXT    NOT NULL,
    week        TEXT    NOT NULL,                -- its Monday in the brand's zone
    place       BIGINT  NOT NULL,
    mention_id  TEXT    NOT NULL UNIQUE,
    stratum     TEXT    NOT NULL CHECK (stratum IN ('near', 'not_about', 'sorted_out', 'rest')),
    probability BIGINT  NOT NULL,                -- of being drawn
    label       TEXT    CHECK (label IN ('complaint', 'question', 'neither', 'not_about_us')),
    by_agent    TEXT    NOT NULL DEFAULT '',
    at          BIGINT,
    PRIMARY KEY (brand, week, place)
);
CREATE INDEX samples_waiting ON samples (brand, week, place) WHERE label IS NULL;

-- Out of how many mentions it was drawn.
CREATE TABLE sample_frames (
    brand       TEXT    NOT NULL,
    week        TEXT    NOT NULL,
    stratum     TEXT    NOT NULL,
    network     TEXT    NOT NULL,
    language    TEXT    NOT NULL,
    mentions    BIGINT  NOT NULL,
    PRIMARY KEY (brand, week, stratum, network, language)
);

-- When a brand's labels are learned from next. The first label makes the row.
CREATE TABLE lessons (
    brand       TEXT    NOT NULL PRIMARY KEY,
    due_at      BIGINT  NOT NULL,
    owner       TEXT    NOT NULL DEFAULT '',
    until       BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0
);

-- What was learned of them, and what that is worth on labels that it had not seen: without it and
-- with it. Of the newest alone the blob stays.
CREATE TABLE corrections (
    brand       TEXT    NOT NULL,
    version     BIGINT  NOT NULL,
    model       TEXT    NOT NULL,                -- that it corrects
    made_at     BIGINT  NOT NULL,
    labels      BIGINT  NOT NULL,
    complaints  BIGINT  NOT NULL,
    loss_without BIGINT NOT NULL,                -- log loss, in millionths of a nat
    loss_with   BIGINT  NOT NULL,
    f1_without  BIGINT  NOT NULL,
    f1_with     BIGINT  NOT NULL,
    recall_without BIGINT NOT NULL,
    recall_with BIGINT  NOT NULL,
    in_use      BOOLEAN NOT NULL,
    reason      TEXT    NOT NULL,                -- why it is not used, empty if it is
    blob        BYTEA   NOT NULL,
    PRIMARY KEY (brand, version)
);
CREATE INDEX corrections_in_use ON corrections (brand) WHERE in_use;

-- The intake book: append-only counters, one row a page, in the page's own transaction.
CREATE TABLE intake (
    id          TEXT    NOT NULL PRIMARY KEY,
    channel     TEXT    NOT NULL,
    lane        TEXT    NOT NULL,
    day         TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    new         BIGINT  NOT NULL,
    again       BIGINT  NOT NULL,
    edited      BIGINT  NOT NULL,
    gone        BIGINT  NOT NULL,
    own         BIGINT  NOT NULL,
    repost      BIGINT  NOT NULL,
    unreadable  BIGINT  NOT NULL
);
CREATE INDEX intake_day ON intake (channel, day);

-- Entries that could not be read.
CREATE TABLE quarantine (
    id          TEXT    NOT NULL PRIMARY KEY,
    channel     TEXT    NOT NULL,
    lane        TEXT    NOT NULL,
    day         TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    why         TEXT    NOT NULL,
    body        BYTEA   NOT NULL                 -- zstd
);

-- Brand x thread x author: what we owe there.
CREATE TABLE cases (
    id          TEXT    NOT NULL PRIMARY KEY,
    brand       TEXT    NOT NULL,
    channel     TEXT    NOT NULL,
    network     TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    thread      TEXT    NOT NULL,
    author      TEXT    NOT NULL,
    author_handle TEXT  NOT NULL,
    author_name TEXT    NOT NULL,
    opened_at   BIGINT  NOT NULL,
    told_at     BIGINT  NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'taken', 'snoozed', 'moved',
        'answered', 'waived', 'closed', 'withdrawn', 'not_owed')),
    attention   TEXT    NOT NULL CHECK (attention IN ('free', 'taken', 'snoozed', 'moved')),
    attention_by TEXT   NOT NULL DEFAULT '',
    attention_until BIGINT NOT NULL DEFAULT 0,
    handed_to   TEXT    NOT NULL DEFAULT '',     -- where it was handed over to; empty if it was not
    handed_by   TEXT    NOT NULL DEFAULT '',
    handed_ref  TEXT    NOT NULL DEFAULT '',     -- what it is called there
    handed_at   BIGINT  NOT NULL DEFAULT 0,
    handed_closed BIGINT,                        -- since when it is closed there
    resolution_spent BIGINT NOT NULL DEFAULT 0,  -- business time that its complaints were ours
    resolution_from BIGINT,                      -- since when that clock runs; NULL: it stands still
    resolution_stood BIGINT NOT NULL DEFAULT 0,  -- when it last stood still
    resolution_due BIGINT,                       -- when it will have run longer than allowed
    resolution_told BOOLEAN NOT NULL DEFAULT FALSE,
    owing       TEXT,                            -- the most urgent debt that stands
    severity    BIGINT  NOT NULL DEFAULT 0,
    deadline    BIGINT,
    due_at      BIGINT,
    due_kind    TEXT,
    events      BIGINT  NOT NULL DEFAULT 0,      -- how many the log holds of it
    draft_rev   BIGINT  NOT NULL DEFAULT 0,
    draft_due   BOOLEAN NOT NULL DEFAULT FALSE,
    checked_at  BIGINT  NOT NULL DEFAULT 0,      -- when its thread was last re-read
    reread_at   BIGINT  NOT NULL DEFAULT 0,      -- when that is tried next; 0: it never was
    stakes      TEXT    NOT NULL DEFAULT '{}',   -- what beside its debts makes it urgent, JSON
    points      BIGINT  NOT NULL DEFAULT 0,      -- its priority: hours sooner in line
    class       BIGINT  NOT NULL,                -- its part of the line: complaints first
    urgent_at   BIGINT  NOT NULL,                -- its place there
    complained_at BIGINT,                        -- the newest complaint in it, for strikes
    muted_until BIGINT  NOT NULL DEFAULT 0,      -- nobody is told of it until then
    storm       TEXT,                            -- the storm that it belongs to
    grave       BOOLEAN NOT NULL DEFAULT FALSE,  -- harm or a court is named: it rings in a storm too
    rev         BIGINT  NOT NULL DEFAULT 1,
    escalation  TEXT    NOT NULL DEFAULT '',     -- how far it has come, as JSON; '': nothing escalates
    UNIQUE (brand, network, origin, thread, author)
);
CREATE INDEX cases_due ON cases (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX cases_reread ON cases (reread_at, channel) WHERE due_at IS NOT NULL;
CREATE INDEX cases_past ON cases (channel, id)
    WHERE due_at IS NULL AND owing = 'complaint' AND reread_at = 0;
CREATE INDEX cases_waiting ON cases (channel, reread_at) WHERE due_at IS NOT NULL;
CREATE INDEX cases_draft ON cases (id) WHERE draft_due;
CREATE INDEX cases_moved ON cases (brand, network, author) WHERE state = 'moved';
CREATE INDEX cases_open ON cases (brand, owing, deadline) WHERE due_at IS NOT NULL;
CREATE INDEX cases_line ON cases (class, urgent_at, id);
CREATE INDEX cases_author ON cases (brand, network, origin, author, complained_at);
CREATE INDEX cases_storm ON cases (storm) WHERE storm IS NOT NULL;

-- Cases that were handed over to a ticket system: of a case at most one ticket there is live.
CREATE TABLE handovers (
    id          TEXT    NOT NULL PRIMARY KEY,
    case_id     TEXT    NOT NULL,
    brand       TEXT    NOT NULL,
    system      TEXT    NOT NULL,                -- its name in configuration
    key         TEXT    NOT NULL,                -- by which the ticket is found there
    state       TEXT    NOT NULL CHECK (state IN ('due', 'filed', 'closed', 'gone', 'failed',
        'ended')),                               -- ended: nothing more is asked or told
    note        TEXT    NOT NULL DEFAULT '',     -- of whoever handed it over
    by_agent    TEXT    NOT NULL,
    remote      TEXT    NOT NULL DEFAULT '',     -- the ticket's id there
    name        TEXT    NOT NULL DEFAULT '',     -- what people call it there
    url         TEXT    NOT NULL DEFAULT '',
    due_at      BIGINT,                          -- when it is filed, or asked about; NULL: never
    tries       BIGINT  NOT NULL DEFAULT 0,      -- in a row that came to nothing
    doubt       BOOLEAN NOT NULL DEFAULT FALSE,  -- it may stand there, though nobody said so
    looks       BIGINT  NOT NULL DEFAULT 0,      -- since then that did not find it
    fault       TEXT    NOT NULL DEFAULT '',
    owner       TEXT    NOT NULL DEFAULT '',
    until       BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0,
    created_at  BIGINT  NOT NULL,
    filed_at    BIGINT,
    checked_at  BIGINT,
    UNIQUE (system, key)
);
CREATE INDEX handovers_due ON handovers (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX handovers_case ON handovers (case_id);
CREATE INDEX handovers_remote ON handovers (system, remote) WHERE remote <> '';
CREATE UNIQUE INDEX handovers_live ON handovers (case_id, system) WHERE state IN ('due', 'filed');

-- Many like complaints at once. Its members are cases, each owed an answer of its own.
CREATE TABLE storms (
    id          TEXT    NOT NULL PRIMARY KEY,
    brand       TEXT    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('like', 'topic', 'rate')),
    topic       TEXT    NOT NULL DEFAULT '',
    campaign    TEXT    NOT NULL DEFAULT '',     -- that its complaints name
    bands       TEXT    NOT NULL DEFAULT '[]',   -- that its first members share, JSON
    began_at    BIGINT  NOT NULL,                -- when the first of it was written
    last_at     BIGINT  NOT NULL,                -- when something of it came last
    told_members BIGINT NOT NULL DEFAULT 0,
    told_at     BIGINT  NOT NULL DEFAULT 0,
    stirred     BOOLEAN NOT NULL DEFAULT FALSE,  -- a member's deadline passed since then
    ended_at    BIGINT
);
CREATE INDEX storms_brand ON storms (brand, id);
CREATE INDEX storms_standing ON storms (brand) WHERE ended_at IS NULL;
CREATE INDEX storms_stirred ON storms (brand) WHERE stirred;

-- Batches in which complaints came and that nobody has looked through for storms yet.
CREATE TABLE storm_arrivals (
    id          TEXT    NOT NULL PRIMARY KEY,
    brand       TEXT    NOT NULL,
    since       BIGINT  NOT NULL                 -- when the oldest of them was written
);

-- When a brand is looked at for its storms without anything that came. The row is locked by whoever looks.
CREATE TABLE storm_watch (
    brand       TEXT    NOT NULL PRIMARY KEY,
    due_at      BIGINT,
    counted     BIGINT                           -- the hours before this one stand in tides
);

-- How many complaints each hour, counted since 1970, brought a brand: its history.
CREATE TABLE tides (
    brand       TEXT    NOT NULL,
    hour        BIGINT  NOT NULL,
    topic       TEXT    NOT NULL,
    complaints  BIGINT  NOT NULL,
    PRIMARY KEY (brand, hour, topic)
);

-- Channels whose threads are being re-read, or are not to be for a while.
CREATE TABLE rereads (
    channel     TEXT    NOT NULL PRIMARY KEY,
    next_at     BIGINT  NOT NULL DEFAULT 0,      -- not before the limit allows it
    owner       TEXT    NOT NULL DEFAULT '',
    until       BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0
);

-- One customer mention owed an answer.
CREATE TABLE obligations (
    mention_id  TEXT    NOT NULL PRIMARY KEY,
    case_id     TEXT    NOT NULL,
    owing       TEXT    NOT NULL CHECK (owing IN ('complaint', 'question', 'look')),
    severity    BIGINT  NOT NULL,
    language    TEXT    NOT NULL,
    since       BIGINT  NOT NULL,                -- when it was written, changed or opened again
    heard_at    BIGINT  NOT NULL,
    due         BIGINT  NOT NULL,
    first_look  BOOLEAN NOT NULL,
    overdue_told BOOLEAN NOT NULL,
    counts_as   TEXT    NOT NULL CHECK (counts_as IN ('complaint', 'question', 'look')), -- the most urgent kind ever
    met_before  BIGINT,                          -- when a human answered it, before it was owed again
    standing    TEXT    NOT NULL CHECK (standing IN ('owed', 'met', 'void')),
    reason      TEXT    NOT NULL DEFAULT '',     -- why void
    actor       TEXT    NOT NULL DEFAULT '',
    note        TEXT    NOT NULL DEFAULT '',
    evidence    TEXT,                            -- JSON, where met
    ended_at    BIGINT
);
CREATE INDEX obligations_case ON obligations (case_id);
CREATE INDEX obligations_first_look ON obligations (case_id) WHERE first_look;

-- Whom we ask or tell outside and who failed: so often in a row, and until when it is passed over.
CREATE TABLE circuits (
    name        TEXT    NOT NULL PRIMARY KEY,    -- `recipient:NAME` or `lookup`
    failures    BIGINT  NOT NULL,
    shut_until  BIGINT  NOT NULL DEFAULT 0,
    fault       TEXT    NOT NULL DEFAULT '',     -- what the last failure was
    failed_at   BIGINT  NOT NULL DEFAULT 0,      -- when that was
    said_at     BIGINT  NOT NULL DEFAULT 0       -- when the log was last told of it
);

-- What the company's own system says of the authors of cases, and who is still to be asked about.
CREATE TABLE customers (
    brand       TEXT    NOT NULL,
    network     TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    author_id   TEXT    NOT NULL,
    case_id     TEXT    NOT NULL,                -- the newest case for which it is asked
    since       TEXT    NOT NULL DEFAULT '',     -- a day
    value       TEXT    CHECK (value IN ('low', 'normal', 'high', 'vip')),
    order_number TEXT   NOT NULL DEFAULT '',
    order_state TEXT    NOT NULL DEFAULT '',
    link        TEXT    NOT NULL DEFAULT '',
    name        TEXT    NOT NULL DEFAULT '',
    fetched_at  BIGINT,                          -- NULL: it never answered
    fresh_until BIGINT  NOT NULL DEFAULT 0,      -- not asked again before that
    due_at      BIGINT,                          -- when it is asked; NULL: there is nothing to ask
    tries       BIGINT  NOT NULL DEFAULT 0,      -- that brought no answer, in a row
    owner       TEXT    NOT NULL DEFAULT '',
    until       BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (brand, network, origin, author_id)
);
CREATE INDEX customers_due ON customers (due_at) WHERE due_at IS NOT NULL;

-- Authors that a human confirmed to be one customer. One without authors was put together by
-- mistake.
CREATE TABLE persons (
    id          TEXT    NOT NULL PRIMARY KEY,
    brand       TEXT    NOT NULL,
    made_at     BIGINT  NOT NULL,
    made_by     TEXT    NOT NULL
);
CREATE TABLE person_authors (
    brand       TEXT    NOT NULL,
    network     TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    author_id   TEXT    NOT NULL,
    person      TEXT    NOT NULL,
    linked_at   BIGINT  NOT NULL,
    linked_by   TEXT    NOT NULL,
    PRIMARY KEY (brand, network, origin, author_id)
);
CREATE INDEX person_authors_person ON person_authors (person);

-- Every act that put authors together: one row for each that moved, so that it can be undone.
CREATE TABLE person_links (
    id          TEXT    NOT NULL,
    brand       TEXT    NOT NULL,
    network     TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    author_id   TEXT    NOT NULL,
    from_person TEXT    NOT NULL DEFAULT '',     -- '': it stood alone
    to_person   TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    by_agent    TEXT    NOT NULL,
    undone_at   BIGINT,
    undone_by   TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (id, brand, network, origin, author_id)
);
CREATE INDEX person_links_author ON person_links (brand, network, origin, author_id);
CREATE INDEX person_links_parts ON person_links (to_person) WHERE undone_at IS NULL AND from_person <> '';

-- Who is muted by a lead. A person as a whole stands under its id with an empty network.
CREATE TABLE mutes (
    id          TEXT    NOT NULL PRIMARY KEY,
    brand       TEXT    NOT NULL,
    network     TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    author_id   TEXT    NOT NULL,
    by_agent    TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    until       BIGINT  NOT NULL,
    ended_at    BIGINT,
    ended_by    TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX mutes_author ON mutes (brand, network, origin, author_id);

-- By what the author of an owed mention may be known again elsewhere. Addresses and numbers stand
-- here as digests only.
CREATE TABLE traces (
    mention_id  TEXT    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('mail', 'number', 'handle', 'name')),
    key         TEXT    NOT NULL,
    brand       TEXT    NOT NULL,
    network     TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    author_id   TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    PRIMARY KEY (mention_id, kind, key)
);
CREATE INDEX traces_key ON traces (brand, kind, key, at);
CREATE INDEX traces_author ON traces (brand, network, origin, author_id, at);

-- Dates that we gave a customer, or set ourselves. Of a case whose debts are all met, the earliest
-- one is its due time.
CREATE TABLE commitments (
    case_id     TEXT    NOT NULL,
    number      BIGINT  NOT NULL,                -- 1, 2, 3 … within the case
    kind        TEXT    NOT NULL CHECK (kind IN ('promise', 'follow_up')),
    made_at     BIGINT  NOT NULL,
    due         BIGINT  NOT NULL,
    words       TEXT    NOT NULL,                -- of our reply, or of whoever set it
    source      TEXT    NOT NULL,                -- JSON: reply, native, agent, rule
    remind_at   BIGINT,
    reminded_at BIGINT,
    told_at     BIGINT,                          -- of a follow-up, last
    state       TEXT    NOT NULL CHECK (state IN ('open', 'kept', 'broken', 'dropped')),
    actor       TEXT    NOT NULL DEFAULT '',     -- who dropped it
    note        TEXT    NOT NULL DEFAULT '',
    evidence    TEXT,                            -- JSON, where kept
    ended_at    BIGINT,
    PRIMARY KEY (case_id, number)
);
CREATE INDEX commitments_awaited ON commitments (case_id) WHERE state IN ('open', 'broken');

-- The event log. `position`, `seal` come later from the brand's one sealer.
CREATE TABLE events (
    id          TEXT    NOT NULL PRIMARY KEY,
    brand       TEXT    NOT NULL,
    subject     TEXT    NOT NULL,                -- a case, or a mention without one, or a channel
    seq         BIGINT  NOT NULL,                -- 1, 2, 3 … within the subject
    mention_id  TEXT,
    mention_seq BIGINT,                          -- 1, 2, 3 … among the moves of the mention
    kind        TEXT    NOT NULL,
    becomes     TEXT,                            -- the mention's new disposition
    at          BIGINT  NOT NULL,
    actor       TEXT    NOT NULL,
    data        TEXT    NOT NULL,                -- JSON; blanked by retention and erasure
    digest      BYTEA,                           -- salted, of data; keeps the chain whole then
    position    BIGINT,
    seal        BYTEA,                           -- the chain's hash up to here: names the first that differs
    UNIQUE (subject, seq)
);
CREATE UNIQUE INDEX events_mention ON events (mention_id, mention_seq) WHERE mention_seq IS NOT NULL;
CREATE UNIQUE INDEX events_position ON events (brand, position) WHERE position IS NOT NULL;
CREATE INDEX events_unsealed ON events (brand, id) WHERE position IS NULL;

-- Reply drafts.
CREATE TABLE drafts (
    case_id     TEXT    NOT NULL,
    rev         BIGINT  NOT NULL,
    text        TEXT    NOT NULL,
    language    TEXT    NOT NULL,
    made_by     TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    PRIMARY KEY (case_id, rev)
);

-- What a person published, and its pieces: each is posted at most once.
CREATE TABLE replies (
    id          TEXT    NOT NULL PRIMARY KEY,
    case_id     TEXT    NOT NULL,
    brand       TEXT    NOT NULL,
    channel     TEXT    NOT NULL,
    mention_id  TEXT    NOT NULL,                -- the one it answers
    text        TEXT    NOT NULL,
    by_agent    TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,                -- what was stored by then was visible
    ended_at    BIGINT
);
CREATE INDEX replies_case ON replies (case_id);
CREATE TABLE reply_parts (
    reply_id    TEXT    NOT NULL,
    part        BIGINT  NOT NULL,
    text        TEXT    NOT NULL,
    text_hash   TEXT    NOT NULL,
    key         TEXT    NOT NULL UNIQUE,
    state       TEXT    NOT NULL CHECK (state IN
        ('approved', 'sending', 'posted', 'pending', 'refused', 'unknown')),
    not_after   BIGINT,
    sent_at     BIGINT,                          -- when `sending` was committed
    due_at      BIGINT,                          -- NULL: only a person can move it
    attempts    BIGINT  NOT NULL DEFAULT 0,
    looks       BIGINT  NOT NULL DEFAULT 0,
    external_id TEXT    NOT NULL DEFAULT '',
    url         TEXT    NOT NULL DEFAULT '',
    posted_at   BIGINT,
    fault       TEXT    NOT NULL DEFAULT '',
    owner       TEXT    NOT NULL DEFAULT '',
    until       BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (reply_id, part)
);
CREATE INDEX reply_parts_due ON reply_parts (due_at) WHERE due_at IS NOT NULL;

-- Our own posts, by which they are known when a network shows them to us.
CREATE TABLE own_posts (
    network     TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    external_id TEXT    NOT NULL,
    reply_id    TEXT,
    at          BIGINT  NOT NULL,
    PRIMARY KEY (network, origin, external_id)
);

-- Alerts: every send and every non-send, with its reason.
CREATE TABLE outbox (
    id          TEXT    NOT NULL PRIMARY KEY,
    key         TEXT    NOT NULL UNIQUE,
    brand       TEXT    NOT NULL,
    case_id     TEXT,
    channel     TEXT    NOT NULL DEFAULT '',     -- for alerts about a channel
    recipient   TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('due', 'sent', 'silent', 'failed', 'grouped')),
    title       TEXT    NOT NULL DEFAULT '',
    body        TEXT    NOT NULL DEFAULT '',
    created_at  BIGINT  NOT NULL,
    due_at      BIGINT,
    attempts    BIGINT  NOT NULL DEFAULT 0,
    sent_at     BIGINT,
    live        TEXT    NOT NULL DEFAULT '',     -- what it is the live alert of: a case, a storm, a group
    edited      BOOLEAN NOT NULL DEFAULT FALSE,  -- it was delivered as a change of the live alert
    held        TEXT    NOT NULL DEFAULT '',     -- why it waits until due_at: quiet, rate
    told_in     TEXT    NOT NULL DEFAULT '',     -- grouped: the `live` of the alert that tells it
    wake        TEXT    NOT NULL DEFAULT '',     -- why it broke quiet hours
    night       BIGINT,                          -- when those began
    remote      TEXT    NOT NULL DEFAULT '',
    fault       TEXT    NOT NULL DEFAULT '',
    owner       TEXT    NOT NULL DEFAULT '',
    until       BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_case ON outbox (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX outbox_live ON outbox (live, recipient) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_told_in ON outbox (told_in) WHERE told_in <> '';
CREATE INDEX outbox_sent ON outbox (recipient, sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX outbox_remote ON outbox (recipient, remote) WHERE remote <> '';

-- The alert that stands of something at a recipient, and is changed in place. It goes when it said
-- that nothing is owed any more.
CREATE TABLE live_alerts (
    live        TEXT    NOT NULL,
    recipient   TEXT    NOT NULL,
    brand       TEXT    NOT NULL,
    case_id     TEXT,
    key         TEXT    NOT NULL,                -- of the alert that began it
    remote      TEXT    NOT NULL,                -- the receiver's id of it
    says        TEXT    NOT NULL,                -- how the case stood then
    seen        BIGINT  NOT NULL,                -- the entries of the case's log by then
    told_at     BIGINT  NOT NULL,
    PRIMARY KEY (live, recipient)
);
CREATE INDEX live_alerts_case ON live_alerts (case_id) WHERE case_id IS NOT NULL;

-- Presses of people in alerts, so that one which is brought again does nothing twice, and nobody
-- presses without end. What was pressed and written stands in the log of the case, not here.
CREATE TABLE presses (
    service     TEXT    NOT NULL,                -- the notifier's name
    key         TEXT    NOT NULL,                -- SHA-256 of the press's key, hexadecimal
    presser     TEXT    NOT NULL,                -- who, by the id that the service vouches for
    at          BIGINT  NOT NULL,
    done        BOOLEAN NOT NULL DEFAULT FALSE,  -- it was carried out
    PRIMARY KEY (service, key)
);
CREATE INDEX presses_presser ON presses (service, presser, at);
CREATE INDEX presses_at ON presses (at);

-- Where presses are asked for again and again: how far that came. One instance asks at a time.
CREATE TABLE ears (
    name        TEXT    NOT NULL PRIMARY KEY,    -- the notifier and what its listeners share
    cursor      TEXT,                            -- stored once what it brought was carried out
    due_at      BIGINT  NOT NULL,
    failures    BIGINT  NOT NULL DEFAULT 0,      -- in a row
    owner       TEXT    NOT NULL DEFAULT '',
    until       BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0
);

-- Alerts that should not have woken who was woken, by their own word.
CREATE TABLE woken (
    alert_id    TEXT    NOT NULL PRIMARY KEY,
    brand       TEXT    NOT NULL,
    recipient   TEXT    NOT NULL,
    wake        TEXT    NOT NULL,
    by_agent    TEXT    NOT NULL,
    at          BIGINT  NOT NULL
);
CREATE INDEX woken_brand ON woken (brand, at);

-- What one instance does at a time, each a row to be locked.
CREATE TABLE turns (
    name        TEXT    NOT NULL PRIMARY KEY
);
INSERT INTO turns (name) VALUES ('alerts');

-- Limits: what the server told last, and what we spent by slices of a window, as JSON.
CREATE TABLE buckets (
    scope       TEXT    NOT NULL,
    bucket      TEXT    NOT NULL,
    window_end  BIGINT  NOT NULL,
    remaining   BIGINT  NOT NULL,
    shut_until  BIGINT  NOT NULL DEFAULT 0,
    slices      TEXT    NOT NULL DEFAULT '[]',
    PRIMARY KEY (scope, bucket)
);

-- What was spent of them in each calendar month (UTC), as far as we know.
CREATE TABLE spent (
    scope       TEXT    NOT NULL,
    bucket      TEXT    NOT NULL,
    month       TEXT    NOT NULL,
    units       BIGINT  NOT NULL,
    PRIMARY KEY (scope, bucket, month)
);

-- What reading a lane costs of them, and the pace that the plan of each gives it.
CREATE TABLE costs (
    channel     TEXT    NOT NULL,
    lane        TEXT    NOT NULL,
    scope       TEXT    NOT NULL,
    bucket      TEXT    NOT NULL,
    cost        BIGINT  NOT NULL,                -- of one reading, smoothed, in thousandths
    every_ms    BIGINT  NOT NULL,                -- its own pace
    planned_ms  BIGINT  NOT NULL,
    at          BIGINT  NOT NULL,
    PRIMARY KEY (channel, lane, scope, bucket)
);
CREATE INDEX costs_scope ON costs (scope, bucket);

-- Running instances; one compares its clock with the others' through these.
CREATE TABLE instances (
    name        TEXT    NOT NULL PRIMARY KEY,
    started_at  BIGINT  NOT NULL,
    seen_at     BIGINT  NOT NULL
);

-- People of the social team.
CREATE TABLE agents (
    name        TEXT    NOT NULL PRIMARY KEY,
    password    TEXT    NOT NULL,                -- argon2id, PHC string
    role        TEXT    NOT NULL CHECK (role IN ('agent', 'lead')),
    language    TEXT    NOT NULL,
    added_at    BIGINT  NOT NULL,
    removed_at  BIGINT
);

-- By which id a service vouches for an agent: whoever presses a button there acts as that agent.
CREATE TABLE identities (
    service     TEXT    NOT NULL,                -- the notifier's name
    external_id TEXT    NOT NULL,
    agent       TEXT    NOT NULL,
    added_at    BIGINT  NOT NULL,
    PRIMARY KEY (service, external_id)
);
CREATE INDEX identities_agent ON identities (agent);

-- API tokens; only their hash is kept.
CREATE TABLE tokens (
    name        TEXT    NOT NULL PRIMARY KEY,
    hash        TEXT    NOT NULL UNIQUE,
    scopes      TEXT    NOT NULL,                -- space-separated
    channel     TEXT    NOT NULL DEFAULT '',     -- the ingest channel it writes to
    agent       TEXT    NOT NULL DEFAULT '',     -- on whose behalf it acts
    added_at    BIGINT  NOT NULL,
    removed_at  BIGINT
);

-- Log-in sessions.
CREATE TABLE sessions (
    id          TEXT    NOT NULL PRIMARY KEY,
    data        TEXT    NOT NULL,
    expires_at  BIGINT  NOT NULL
);

-- Answers kept 24 h for a repeated Idempotency-Key.
CREATE TABLE idempotency (
    token       TEXT    NOT NULL,
    path        TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    digest      TEXT    NOT NULL,                -- of the body: another one is refused
    status      BIGINT  NOT NULL,
    body        TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    PRIMARY KEY (token, path, key)
);

-- Action links that were used.
CREATE TABLE used_links (
    nonce       TEXT    NOT NULL PRIMARY KEY,
    at          BIGINT  NOT NULL
);

-- Settings that the product makes for itself (the signing key of action links).
CREATE TABLE keep (
    name        TEXT    NOT NULL PRIMARY KEY,
    value       BYTEA   NOT NULL
);

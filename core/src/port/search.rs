//! Full-text search: an index that can be lost and rebuilt from the database.

use std::fmt::Debug;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, ensure};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tantivy::collector::TopDocs;
use tantivy::index::SegmentMeta;
use tantivy::indexer::{LogMergePolicy, MergeCandidate, MergePolicy};
use tantivy::query::{BooleanQuery, Occur, Query, RangeQuery, TermQuery};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tantivy::{Index, IndexReader, IndexWriter, TantivyDocument, Term};

use crate::db::TenantId;
use crate::error::Result;

/// A text to find.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The tenant.
    pub(crate) tenant: TenantId,
    /// The message.
    pub(crate) id: i64,
    /// The session that is found by it.
    pub(crate) session_id: i64,
    /// The text; without one the message is not to be found.
    pub(crate) text: String,
    /// It may be there already. Looking for it costs more than adding it.
    pub(crate) replaces: bool,
}

/// How far the index has come in the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reached {
    /// All messages up to this id are in the index.
    pub(crate) all: i64,
    /// Some are up to this id.
    pub(crate) some: i64,
}

/// Finds texts.
#[async_trait]
pub(crate) trait Search: Debug + Send + Sync {
    /// How far the index had come at the last commit; not begun if it is new, or was lost.
    fn reached(&self) -> Result<Reached>;
    /// Adds documents, to be found after the commit.
    async fn put(&self, documents: Vec<Document>) -> Result<()>;
    /// What was put since the last commit can be found from now on, and outlasts a crash.
    async fn commit(&self, reached: Reached) -> Result<()>;
    /// Forgets what was put since the last commit.
    fn rollback(&self);
    /// The sessions with the words, best first.
    async fn sessions(&self, tenant: TenantId, words: &str, limit: usize) -> Result<Vec<i64>>;
}

/// tantivy in a directory.
pub(crate) struct Embedded {
    /// The database's incarnation, whose messages are here.
    epoch: String,
    index: Index,
    reader: IndexReader,
    fields: Fields,
    /// Made at the first write: its buffers are the largest thing an idle Kefu would hold.
    writer: Mutex<Option<IndexWriter>>,
}

#[derive(Clone, Copy)]
struct Fields {
    tenant: Field,
    id: Field,
    text: Field,
    /// Kept as a column: it is what is found.
    session_id: Field,
}

const SESSION_ID: &str = "session_id";
/// What is kept with a commit.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    epoch: String,
    reached: Reached,
}

/// Merges segments in small steps: one that a crash ends is begun anew, and a large one might never get to its end.
#[derive(Debug)]
struct Steps(LogMergePolicy);

/// Segments in one step.
const STEP: usize = 10;
/// Segments with fewer texts are all alike to whoever merges.
const SMALL: u32 = 100;

impl Default for Steps {
    fn default() -> Self {
        let mut policy = LogMergePolicy::default();
        policy.set_min_layer_size(SMALL);
        Self(policy)
    }
}

impl MergePolicy for Steps {
    fn compute_merge_candidates(&self, segments: &[SegmentMeta]) -> Vec<MergeCandidate> {
        let wanted = self.0.compute_merge_candidates(segments);
        let steps = wanted.iter().flat_map(|MergeCandidate(ids)| ids.chunks(STEP));
        steps.filter(|ids| ids.len() > 1).map(|ids| MergeCandidate(ids.to_vec())).collect()
    }
}

/// tantivy's least.
const WRITER_BYTES: usize = 15_000_000;
const TOKENIZER: &str = "kefu";

impl Embedded {
    /// Opens the index in a folder; one that cannot be read, or is of another database, is made anew.
    pub(crate) fn open(folder: &Path, epoch: &str) -> anyhow::Result<Self> {
        match Self::open_existing(folder, epoch) {
            Ok(index) => Ok(index),
            Err(error) => {
                tracing::warn!(%error, "the search index cannot be read and is made anew");
                std::fs::remove_dir_all(folder).ok();
                Self::open_existing(folder, epoch)
            }
        }
    }

    fn open_existing(folder: &Path, epoch: &str) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut schema = Schema::builder();
        let text = TextOptions::default().set_indexing_options(
            TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_index_option(IndexRecordOption::WithFreqs),
        );
        let fields = Fields {
            tenant: schema.add_i64_field("tenant", INDEXED),
            id: schema.add_i64_field("id", INDEXED),
            text: schema.add_text_field("text", text),
            session_id: schema.add_i64_field(SESSION_ID, FAST),
        };
        let directory = tantivy::directory::MmapDirectory::open(folder)?;
        let index = Index::open_or_create(directory, schema.build())?;
        index.tokenizers().register(TOKENIZER, Bigrams);
        let reader = index.reader()?;
        let opened = Self { epoch: epoch.to_owned(), index, reader, fields, writer: Mutex::new(None) };
        opened.read_reached()?;
        Ok(opened)
    }

    fn read_reached(&self) -> anyhow::Result<Reached> {
        let Some(payload) = self.index.load_metas()?.payload else { return Ok(Reached::default()) };
        let Payload { epoch, reached } = serde_json::from_str(&payload)?;
        ensure!(epoch == self.epoch, "it is of another database");
        Ok(reached)
    }

    fn write(&self, what: impl FnOnce(&mut IndexWriter) -> anyhow::Result<()>) -> Result<()> {
        let work = || {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *writer {
                Some(writer) => what(writer),
                none => {
                    let writer = self.index.writer_with_num_threads(1, WRITER_BYTES)?;
                    writer.set_merge_policy(Box::new(Steps::default()));
                    what(none.insert(writer))
                }
            }
        };
        Ok(tokio::task::block_in_place(work)?)
    }

    fn add(&self, writer: &IndexWriter, document: &Document) -> anyhow::Result<()> {
        if document.replaces {
            writer.delete_term(Term::from_field_i64(self.fields.id, document.id));
        }
        if !document.text.is_empty() {
            let mut row = TantivyDocument::default();
            row.add_i64(self.fields.tenant, document.tenant.0);
            row.add_i64(self.fields.id, document.id);
            row.add_i64(self.fields.session_id, document.session_id);
            row.add_text(self.fields.text, &document.text);
            writer.add_document(row)?;
        }
        Ok(())
    }

    fn query(&self, tenant: TenantId, words: &str) -> Option<BooleanQuery> {
        // Every pair of characters must be there: tantivy's own parser would make one phrase of a Chinese sentence.
        let mut all: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let mut bigrams = Bigrams;
        let mut tokens = bigrams.token_stream(words);
        while let Some(token) = tokens.next() {
            let (text, before) = (&token.text, &words[..token.offset_from]);
            match alone(text) {
                // The end of a run, which its last pair has asked for.
                Some(_) if before.chars().next_back().is_some_and(is_ideograph) => {}
                Some(character) => all.push((Occur::Must, Box::new(self.beginning_with(character)))),
                None => {
                    let term = Term::from_field_text(self.fields.text, text);
                    all.push((Occur::Must, Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))));
                }
            }
        }
        if all.is_empty() {
            return None;
        }
        let own = Term::from_field_i64(self.fields.tenant, tenant.0);
        all.push((Occur::Must, Box::new(TermQuery::new(own, IndexRecordOption::Basic))));
        Some(BooleanQuery::new(all))
    }

    fn find(&self, query: &BooleanQuery, limit: usize) -> anyhow::Result<Vec<i64>> {
        let searcher = self.reader.searcher();
        let mut sessions = Vec::new();
        for (_, found) in searcher.search(query, &TopDocs::with_limit(limit.max(1)).order_by_score())? {
            let ids = searcher.segment_reader(found.segment_ord).fast_fields().i64(SESSION_ID)?;
            sessions.extend(ids.first(found.doc_id).filter(|id| !sessions.contains(id)));
        }
        Ok(sessions)
    }

    /// All pairs that begin with a character, and the character at the end of a run.
    fn beginning_with(&self, character: char) -> RangeQuery {
        let term = |text: &str| Term::from_field_text(self.fields.text, text);
        let (first, last) = (character.to_string(), format!("{character}{}", char::MAX));
        RangeQuery::new(Bound::Included(term(&first)), Bound::Included(term(&last)))
    }
}

#[async_trait]
impl Search for Embedded {
    fn reached(&self) -> Result<Reached> {
        Ok(self.read_reached()?)
    }

    async fn put(&self, documents: Vec<Document>) -> Result<()> {
        self.write(|writer| documents.iter().try_for_each(|document| self.add(writer, document)))
    }

    async fn commit(&self, reached: Reached) -> Result<()> {
        let payload = serde_json::to_string(&Payload { epoch: self.epoch.clone(), reached })?;
        self.write(|writer| {
            let mut commit = writer.prepare_commit()?;
            commit.set_payload(&payload);
            commit.commit()?;
            Ok(self.reader.reload()?)
        })
    }

    fn rollback(&self) {
        // The next writer begins at the last commit, also where this one is broken.
        *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn sessions(&self, tenant: TenantId, words: &str, limit: usize) -> Result<Vec<i64>> {
        let Some(query) = self.query(tenant, words) else {
            return Ok(Vec::new());
        };
        Ok(self.find(&query, limit)?)
    }
}

impl Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Embedded")
    }
}

/// Splits text into words of letters and digits, and Chinese into overlapping pairs, with the last character by itself:
/// 打不开登录 is found by 登录, and by any other part of it, without a dictionary that would have to know every word. A
/// single character is found as the beginning of a pair.
#[derive(Clone, Debug)]
struct Bigrams;

impl Tokenizer for Bigrams {
    type TokenStream<'a> = Tokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Tokens<'a> {
        Tokens { text, at: 0, token: Token::default() }
    }
}

/// The tokens of a text, one after the other.
struct Tokens<'a> {
    text: &'a str,
    /// Where the next token is looked for.
    at: usize,
    token: Token,
}

impl Tokens<'_> {
    fn give(&mut self, from: usize, to: usize) -> bool {
        self.token.position = self.token.position.wrapping_add(1);
        (self.token.offset_from, self.token.offset_to) = (from, to);
        self.token.text.clear();
        let text = &self.text[from..to];
        match text.chars().next() {
            // Ideographs are neither large nor small.
            Some(first) if is_ideograph(first) => self.token.text.push_str(text),
            _ => self.token.text.extend(text.chars().flat_map(char::to_lowercase)),
        }
        true
    }
}

impl TokenStream for Tokens<'_> {
    fn advance(&mut self) -> bool {
        let rest = self.text[self.at..].trim_start_matches(|c| !is_word(c));
        let from = self.text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return false };
        if !is_ideograph(first) {
            self.at = from + rest.find(|c| !is_word(c) || is_ideograph(c)).unwrap_or(rest.len());
            return self.give(from, self.at);
        }
        self.at = from + first.len_utf8();
        let next = rest[first.len_utf8()..].chars().next().filter(|next| is_ideograph(*next));
        self.give(from, self.at + next.map_or(0, char::len_utf8))
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// The one ideograph that a token is.
fn alone(token: &str) -> Option<char> {
    let mut characters = token.chars();
    let first = characters.next().filter(|c| is_ideograph(*c))?;
    characters.next().is_none().then_some(first)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_ideograph(c)
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use tantivy::Index;
    use tantivy::index::SegmentId;
    use tantivy::indexer::MergePolicy as _;
    use tantivy::schema::Schema;
    use tantivy::tokenizer::{TokenStream as _, Tokenizer as _};

    use super::{Bigrams, Document, Embedded, Reached, Search, Steps};
    use crate::db::TenantId;

    #[test]
    fn chinese_becomes_pairs_and_the_rest_words() {
        let mut words = Vec::new();
        Bigrams.token_stream("登录HIS系统, v2").process(&mut |token| words.push(token.text.clone()));
        assert_eq!(words, ["登录", "录", "his", "系统", "统", "v2"]);
    }

    #[test]
    fn many_segments_are_merged_in_small_steps() {
        let index = Index::create_in_ram(Schema::builder().build());
        let segments =
            |count| -> Vec<_> { (0..count).map(|_| index.new_segment_meta(SegmentId::generate_random(), 5)).collect() };
        for (count, expected) in [(7, vec![]), (8, vec![8]), (21, vec![10, 10]), (35, vec![10, 10, 10, 5])] {
            let steps = Steps::default().compute_merge_candidates(&segments(count));
            assert_eq!(steps.iter().map(|step| step.0.len()).collect::<Vec<_>>(), expected, "{count}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn two_characters_are_found_within_the_tenant_only() {
        let folder = std::env::temp_dir().join(format!("kefu-search-{}", std::process::id()));
        let search = Embedded::open(&folder, "first").unwrap();
        let document = |tenant, id, text: &str| Document {
            tenant: TenantId(tenant),
            id,
            session_id: id * 10,
            text: text.to_owned(),
            replaces: true,
        };
        let texts = [(1, 1, "请问为什么登录不了系统"), (1, 2, "联系客服处理"), (2, 3, "登录失败")];
        assert_eq!(search.reached().unwrap(), Reached::default());
        search.put(texts.map(|(t, i, s)| document(t, i, s)).to_vec()).await.unwrap();
        search.commit(Reached { all: 2, some: 3 }).await.unwrap();
        for (words, expected) in [
            ("登录", vec![10]),
            ("客服", vec![20]),
            ("登录不了", vec![10]),
            ("录登", vec![]),
            ("？！", vec![]),
            ("登", vec![10]),
            ("统", vec![10]),
            ("服 处", vec![20]),
            ("败", vec![]),
        ] {
            assert_eq!(search.sessions(TenantId(1), words, 10).await.unwrap(), expected, "{words}");
        }
        search.put(vec![document(1, 1, "")]).await.unwrap();
        search.commit(Reached { all: 3, some: 3 }).await.unwrap();
        search.put(vec![document(1, 4, "没有提交")]).await.unwrap();
        drop(search);
        let search = Embedded::open(&folder, "first").unwrap();
        assert_eq!(search.reached().unwrap(), Reached { all: 3, some: 3 });
        for (words, expected) in [("登录", vec![]), ("提交", vec![]), ("客服", vec![20])] {
            assert_eq!(search.sessions(TenantId(1), words, 10).await.unwrap(), expected, "{words}");
        }
        drop(search);
        let search = Embedded::open(&folder, "another").unwrap();
        assert_eq!(search.reached().unwrap(), Reached::default());
        assert!(search.sessions(TenantId(1), "客服", 10).await.unwrap().is_empty());
        drop(search);
        std::fs::remove_dir_all(folder).unwrap();
    }
}

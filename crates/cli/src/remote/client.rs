//! Requests to one file on a server: parts of it or all, asked again where that helps, and always of the same version of it.

use super::trouble::Trouble;
use std::io::Read;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use ureq::http::{HeaderMap, Response, StatusCode, header};
use ureq::{Agent, Body, ResponseExt, config::Config};

/// How long to wait, and how often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For a connection.
    pub(super) connect: Duration,
    /// For a server that says nothing.
    pub(super) silence: Duration,
    /// For a part of a file.
    pub(super) part: Duration,
    /// Before the second attempt; twice as long before each one after it.
    pub(super) pause: Duration,
    /// The longest that a server may ask to be left alone.
    pub(super) longest_pause: Duration,
    /// Attempts in all.
    pub(super) attempts: u32,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(20), silence: seconds(60), part: seconds(600), pause: Duration::from_millis(300), longest_pause: seconds(30), attempts: 4 }
    }
}

/// What tells one version of a file from another.
#[derive(Debug, Clone, PartialEq, Default)]
struct Version {
    tag: Option<String>,
    modified: Option<String>,
}

impl Version {
    fn of(headers: &HeaderMap) -> Self {
        Self { tag: text(headers, header::ETAG), modified: text(headers, header::LAST_MODIFIED) }
    }

    /// Whether both may be the same: by their tags if both have one, else by their times.
    fn may_be(&self, other: &Self) -> bool {
        match (&self.tag, &other.tag, &self.modified, &other.modified) {
            (Some(a), Some(b), _, _) | (_, _, Some(a), Some(b)) => a == b,
            _ => true,
        }
    }

    /// For `If-Range`, which takes no weak tags (RFC 9110, 13.1.5).
    fn condition(&self) -> Option<&str> {
        self.tag.as_deref().filter(|tag| !tag.starts_with("W/")).or(self.modified.as_deref())
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// How a file is given.
pub(super) enum Opening {
    /// In parts: its length, and bytes of it with where they begin.
    Parts { length: u64, at: u64, bytes: Vec<u8> },
    /// All at once.
    Whole(Vec<u8>),
}

/// One file on a server.
pub(super) struct Client {
    agent: Agent,
    /// As it was given.
    url: String,
    /// Where it leads to, which is asked without detours.
    target: Mutex<String>,
    version: Version,
    patience: Patience,
}

/// Names and passwords before the host are nobody's business.
fn shown(url: &str) -> String {
    let hidden = || {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let host = rest.get(..end)?.rfind('@')? + 1;
        Some(format!("{scheme}://{}", rest.get(host..)?))
    };
    hidden().unwrap_or_else(|| url.to_owned())
}

impl Client {
    /// Of that address, to be asked over so many connections.
    pub(super) fn new(url: &str, connections: usize, patience: Patience) -> Self {
        let config = Config::builder()
            .http_status_as_error(false)
            .user_agent(concat!("deepcomp/", env!("CARGO_PKG_VERSION")))
            // Ranges are of bytes as they lie in the file.
            .accept_encoding("identity")
            .timeout_resolve(Some(patience.connect))
            .timeout_connect(Some(patience.connect))
            .timeout_recv_response(Some(patience.silence))
            .timeout_per_read(Some(patience.silence))
            .max_idle_connections_per_host(connections);
        Self { agent: config.build().new_agent(), url: url.to_owned(), target: Mutex::new(url.to_owned()), version: Version::default(), patience }
    }

    pub(super) fn url(&self) -> String {
        shown(&self.url)
    }

    /// Asks for the last bytes of the file, where archives have their index, which tells its length as well: one round trip. Servers that do not know of last bytes are asked for the first;
    /// those that give no parts give all, of which no more than `limit` bytes are taken.
    pub(super) fn open(&mut self, last: u64, limit: u64) -> Result<Opening, Trouble> {
        let (version, opening) = self.persist(|| {
            let answer = self.ask(Some(&format!("bytes=-{last}")), None)?;
            let ranges = text(answer.headers(), header::ACCEPT_RANGES).is_some_and(|unit| unit.eq_ignore_ascii_case("bytes"));
            let answer = match answer.status() {
                StatusCode::OK if !ranges => answer,
                StatusCode::RANGE_NOT_SATISFIABLE if range_of(answer.headers()).is_some_and(|(_, length)| length == Some(0)) => {
                    return Ok((Version::of(answer.headers()), Opening::Whole(Vec::new())));
                }
                StatusCode::OK | StatusCode::BAD_REQUEST | StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::NOT_IMPLEMENTED => {
                    self.ask(Some(&format!("bytes=0-{}", last - 1)), None)?
                }
                _ => answer,
            };
            let version = Version::of(answer.headers());
            Ok((version, self.opened(answer, last, limit)?))
        })?;
        self.version = version;
        Ok(opening)
    }

    fn opened(&self, answer: Response<Body>, last: u64, limit: u64) -> Result<Opening, Trouble> {
        if answer.status() == StatusCode::OK {
            return Ok(Opening::Whole(self.whole(answer, limit)?));
        }
        match self.checked(&answer)? {
            (range, Some(length)) if range.end - range.start <= last => {
                Ok(Opening::Parts { length, at: range.start, bytes: self.body(answer, range.end - range.start)? })
            }
            // Who does not say how long a file is cannot be asked for its end.
            (_, None) => {
                let answer = self.ask(None, None)?;
                if answer.status() == StatusCode::OK { Ok(Opening::Whole(self.whole(answer, limit)?)) } else { Err(self.status(&answer)) }
            }
            (range, _) => Err(self.wrong(format!("{} bytes", range.end - range.start))),
        }
    }

    /// Those bytes of the file, of the version that was opened.
    pub(super) fn part(&self, range: &Range<u64>, length: u64) -> Result<Vec<u8>, Trouble> {
        self.persist(|| {
            let answer = self.ask(Some(&format!("bytes={}-{}", range.start, range.end - 1)), Some(self.patience.part))?;
            let version = Version::of(answer.headers());
            let changed = || Trouble::Changed { url: self.url() };
            match answer.status() {
                // All of it is the answer to a condition that does not hold, and no such range to one that has become shorter.
                StatusCode::OK | StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PRECONDITION_FAILED => return Err(changed()),
                StatusCode::PARTIAL_CONTENT if !self.version.may_be(&version) => return Err(changed()),
                _ => {}
            }
            match self.checked(&answer)? {
                (_, Some(other)) if other != length => Err(changed()),
                (got, _) if got == *range => self.body(answer, range.end - range.start),
                (got, _) => Err(self.wrong(format!("{} to {} instead of {} to {}", got.start, got.end, range.start, range.end))),
            }
        })
    }

    /// One request, whose answer may take so long in all; without a limit where all of a file may come. Where a redirection led that does not work any more, the way is asked for anew.
    fn ask(&self, range: Option<&str>, time: Option<Duration>) -> Result<Response<Body>, Trouble> {
        let target = self.target.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let answer = self.ask_at(&target, range, time)?;
        let gone = matches!(answer.status().as_u16(), 401 | 403 | 404 | 410);
        let answer = if gone && target != self.url { self.ask_at(&self.url, range, time)? } else { answer };
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = answer.get_uri().to_string();
        Ok(answer)
    }

    fn ask_at(&self, url: &str, range: Option<&str>, time: Option<Duration>) -> Result<Response<Body>, Trouble> {
        let mut request = self.agent.get(url);
        if let Some(range) = range {
            request = request.header(header::RANGE, range);
            if let Some(condition) = self.version.condition() {
                request = request.header(header::IF_RANGE, condition);
            }
        }
        request.config().timeout_recv_body(time).build().call().map_err(|error| self.no_answer(&error))
    }

    /// The range of an answer that is a part of the file as it is, and the length of all of it if that is said.
    fn checked(&self, answer: &Response<Body>) -> Result<(Range<u64>, Option<u64>), Trouble> {
        if answer.status() != StatusCode::PARTIAL_CONTENT {
            return Err(self.status(answer));
        }
        self.check_encoding(answer)?;
        let said = text(answer.headers(), header::CONTENT_RANGE).unwrap_or_else(|| "no range at all".to_owned());
        match range_of(answer.headers()) {
            Some((Some(range), length)) if !range.is_empty() && length.is_none_or(|length| range.end <= length) => Ok((range, length)),
            _ => Err(self.wrong(said)),
        }
    }

    fn check_encoding(&self, answer: &Response<Body>) -> Result<(), Trouble> {
        match text(answer.headers(), header::CONTENT_ENCODING).filter(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            Some(encoding) => Err(self.wrong(format!("encoded as {encoding}"))),
            None => Ok(()),
        }
    }

    /// So many bytes, and no more: then the connection is free for the next request.
    fn body(&self, mut answer: Response<Body>, wanted: u64) -> Result<Vec<u8>, Trouble> {
        let mut bytes = Vec::new();
        let room = usize::try_from(wanted).ok().and_then(|wanted| bytes.try_reserve_exact(wanted).ok());
        room.ok_or_else(|| self.wrong(format!("{wanted} bytes, for which there is no memory")))?;
        let read = answer.body_mut().as_reader().take(wanted.saturating_add(1)).read_to_end(&mut bytes);
        match bytes.len() as u64 {
            got if got > wanted => Err(self.wrong(format!("more than {wanted} bytes"))),
            got if got < wanted && read.as_ref().is_err_and(|error| error.kind() != std::io::ErrorKind::UnexpectedEof) => Err(self.silent(read)),
            got if got < wanted => Err(Trouble::Cut { url: self.url(), got, wanted }),
            _ => Ok(bytes),
        }
    }

    /// All of the file, if it is not more than the limit.
    fn whole(&self, mut answer: Response<Body>, limit: u64) -> Result<Vec<u8>, Trouble> {
        self.check_encoding(&answer)?;
        let too_much = || Trouble::TooMuch { url: self.url(), limit };
        let announced = answer.body().content_length();
        if announced.is_some_and(|length| length > limit) {
            return Err(too_much());
        }
        let mut bytes = Vec::new();
        let read = answer.body_mut().as_reader().take(limit.saturating_add(1)).read_to_end(&mut bytes);
        let got = bytes.len() as u64;
        match (read, announced) {
            _ if got > limit => Err(too_much()),
            (_, Some(wanted)) if got < wanted => Err(Trouble::Cut { url: self.url(), got, wanted }),
            (read @ Err(_), _) => Err(self.silent(read)),
            (Ok(_), _) => Ok(bytes),
        }
    }

    /// Does it, again where that helps, with growing pauses.
    fn persist<T>(&self, attempt: impl Fn() -> Result<T, Trouble>) -> Result<T, Trouble> {
        let mut pause = self.patience.pause;
        for _ in 1..self.patience.attempts {
            let trouble = match attempt() {
                Err(trouble) if trouble.passes() => trouble,
                done => return done,
            };
            let asked = trouble.asks_for().unwrap_or_default();
            if asked > self.patience.longest_pause {
                return Err(trouble);
            }
            std::thread::sleep(pause.max(asked));
            pause *= 2;
        }
        attempt()
    }

    fn status(&self, answer: &Response<Body>) -> Trouble {
        let after = text(answer.headers(), header::RETRY_AFTER).and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
        Trouble::Status { url: self.url(), status: answer.status().as_u16(), after }
    }

    fn wrong(&self, what: String) -> Trouble {
        Trouble::Wrong { url: self.url(), what }
    }

    fn silent(&self, read: std::io::Result<usize>) -> Trouble {
        Trouble::NoAnswer { url: self.url(), why: read.err().map_or_else(String::new, |error| error.to_string()) }
    }

    fn no_answer(&self, error: &ureq::Error) -> Trouble {
        let (url, why) = (self.url(), error.to_string());
        match error {
            ureq::Error::Timeout(_) | ureq::Error::Io(_) | ureq::Error::ConnectionFailed | ureq::Error::Protocol(_) => Trouble::NoAnswer { url, why },
            _ => Trouble::Address { url, why },
        }
    }
}

/// `bytes 0-99/1000`: the range, unless there is none such, and the length of the whole, unless that is not known.
fn range_of(headers: &HeaderMap) -> Option<(Option<Range<u64>>, Option<u64>)> {
    let said = text(headers, header::CONTENT_RANGE)?;
    let (range, length) = said.strip_prefix("bytes ")?.split_once('/')?;
    let length = if length.trim() == "*" { None } else { Some(length.trim().parse().ok()?) };
    if range.trim() == "*" {
        return Some((None, length));
    }
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    Some((Some(first..last.checked_add(1)?), length))
}

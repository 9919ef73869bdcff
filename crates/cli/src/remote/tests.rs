//! Against servers that answer as servers do, well and badly; and against nginx, whose log tells what was asked.
#![allow(clippy::single_range_in_vec_init)] // Lists of ranges are meant.

use super::client::Patience;
use super::{LAST, Remote, Trouble, is_address};
use deepcomp::Limits;
use deepcomp::Source;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request as it came: over which connection, for what.
#[derive(Debug, Clone)]
struct Asked {
    connection: usize,
    path: String,
    range: Option<String>,
    condition: Option<String>,
    encoding: Option<String>,
}

impl Asked {
    /// The range that is meant, of a file of that length.
    fn range(&self, length: usize) -> Option<Range<usize>> {
        let (first, last) = self.range.as_ref()?.strip_prefix("bytes=")?.split_once('-')?;
        if first.is_empty() {
            return Some(length.saturating_sub(last.parse().unwrap())..length);
        }
        Some(first.parse().unwrap()..(last.parse::<usize>().unwrap() + 1).min(length))
    }
}

/// What a server does with a request.
enum Answer {
    /// Says this, and waits for the next one.
    Say(Vec<u8>),
    /// Says this and hangs up.
    Cut(Vec<u8>),
    /// Says this and nothing more for a while.
    Stall(Vec<u8>, Duration),
}

struct Server {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    fn new(answer: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || drop(serve(&stream.unwrap(), connection, &log, &*answer)));
            }
        });
        Self { address, asked }
    }

    /// Of one file, with a tag, that is given in parts.
    fn of(file: Vec<u8>) -> Self {
        Self::new(move |asked, _| Answer::Say(part(asked, &file, "ETag: \"one\"\r\n")))
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }
}

fn serve(stream: &TcpStream, connection: usize, log: &Mutex<Vec<Asked>>, answer: &(dyn Fn(&Asked, usize) -> Answer + Sync)) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if lines.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut asked = Asked { connection, path, range: None, condition: None, encoding: None };
        loop {
            let mut line = String::new();
            lines.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_lowercase().as_str() {
                "range" => asked.range = Some(value.to_owned()),
                "if-range" => asked.condition = Some(value.to_owned()),
                "accept-encoding" => asked.encoding = Some(value.to_owned()),
                _ => {}
            }
        }
        let number = {
            let mut log = log.lock().unwrap();
            log.push(asked.clone());
            log.len() - 1
        };
        let mut stream = stream;
        match answer(&asked, number) {
            Answer::Say(bytes) => stream.write_all(&bytes)?,
            Answer::Cut(bytes) => return stream.write_all(&bytes),
            Answer::Stall(bytes, time) => {
                stream.write_all(&bytes)?;
                std::thread::sleep(time);
                return Ok(());
            }
        }
    }
}

fn file(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i.wrapping_mul(2_654_435_761) >> 16) as u8).collect()
}

fn part(asked: &Asked, file: &[u8], headers: &str) -> Vec<u8> {
    let range = asked.range(file.len()).unwrap();
    let said = format!("Content-Range: bytes {}-{}/{}\r\n{headers}", range.start, range.end - 1, file.len());
    status(206, &said, &file[range])
}

fn status(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status} Such\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).as_bytes(), body].concat()
}

/// Of a test, which does not wait long.
fn patience() -> Patience {
    let short = Duration::from_millis(300);
    Patience { connect: short, silence: short, part: 10 * short, pause: Duration::from_millis(5), longest_pause: Duration::from_secs(1), attempts: 3 }
}

fn open(url: &str) -> Result<Remote, Trouble> {
    Remote::open_with(url, &Limits::default(), patience())
}

fn read(remote: &Remote, at: u64, length: usize) -> deepcomp::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    remote.read(at, &mut bytes)?;
    Ok(bytes)
}

const LENGTH: usize = 1_000_000;

#[test]
fn addresses_are_told_from_files() {
    for (name, is) in [("https://a.b/c.dca", true), ("HTTP://a", true), ("http:/a", false), ("c.dca", false), ("ftp://a/b", false), ("a/https://b", false)] {
        assert_eq!(is_address(Path::new(name)), is, "{name}");
    }
}

#[test]
fn what_is_read_is_what_the_server_has() {
    let bytes = file(LENGTH);
    let server = Server::of(bytes.clone());
    let remote = open(&server.url("/a.dca")).unwrap();
    assert_eq!(remote.length(), LENGTH as u64);
    assert!(remote.bytes().is_none());
    for (at, length) in [(0, 10), (LENGTH - 100, 100), (500_000, 200_000), (0, LENGTH), (17, 0), (LENGTH, 0), (LENGTH - 1, 1)] {
        assert_eq!(read(&remote, at as u64, length).unwrap(), bytes[at..at + length], "{at} {length}");
    }
    for (at, length) in [(LENGTH, 1), (LENGTH - 1, 2), (usize::MAX, 1)] {
        assert!(read(&remote, at as u64, length).is_err(), "{at} {length}");
    }
}

#[test]
fn the_end_of_a_file_takes_one_request() {
    let bytes = file(LENGTH);
    let server = Server::of(bytes.clone());
    let remote = open(&server.url("/a.dca")).unwrap();
    assert_eq!(read(&remote, LENGTH as u64 - LAST, LAST as usize).unwrap(), bytes[LENGTH - LAST as usize..]);
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].range.as_deref(), Some("bytes=-32768"));
    assert_eq!(asked[0].encoding.as_deref(), Some("identity"));
    // A short file is there with it.
    let server = Server::of(bytes[..100].to_vec());
    let remote = open(&server.url("/a.dca")).unwrap();
    assert_eq!(read(&remote, 0, 100).unwrap(), bytes[..100]);
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn what_is_prepared_comes_in_few_requests_over_kept_connections() {
    let bytes = file(8 * LENGTH);
    let server = Server::of(bytes.clone());
    let remote = open(&server.url("/a.dca")).unwrap();
    let chunks: Vec<Range<u64>> = (0..60).map(|n| n * 100_000..n * 100_000 + 60_000).collect();
    let far: Vec<Range<u64>> = (0..8).map(|n| 6_500_000 + n * 150_000..6_500_000 + n * 150_000 + 1000).collect();
    remote.prepare(&[far, chunks.clone()].concat());
    assert_eq!(server.asked().len(), 1, "nothing is fetched before it is read");
    for range in chunks.iter().rev() {
        assert_eq!(read(&remote, range.start, 60_000).unwrap(), bytes[range.start as usize..range.end as usize]);
    }
    let asked = server.asked();
    // 60 chunks with 40 kB between them are one stretch, the others lie too far apart.
    let mut ranges: Vec<_> = asked[1..].iter().map(|asked| asked.range(bytes.len()).unwrap()).collect();
    ranges.sort_by_key(|range| range.start);
    let others: Vec<Range<usize>> = (0..8).map(|n| 6_500_000 + n * 150_000..6_501_000 + n * 150_000).collect();
    assert_eq!(ranges, [[0..5_960_000].to_vec(), others].concat());
    assert!(asked.iter().all(|asked| asked.connection < super::CONNECTIONS), "{asked:?}");
    assert!(asked[1..].iter().all(|asked| asked.condition.as_deref() == Some("\"one\"")));
}

#[test]
fn several_requests_are_under_way_at_once() {
    let bytes = file(4 * LENGTH);
    let slow = bytes.clone();
    let server = Server::new(move |asked, number| {
        if number > 0 {
            std::thread::sleep(Duration::from_millis(200));
        }
        Answer::Say(part(asked, &slow, ""))
    });
    let remote = open(&server.url("/")).unwrap();
    remote.prepare(&[0..10, 1_000_000..1_000_010, 2_000_000..2_000_010, 3_000_000..3_000_010]);
    let start = Instant::now();
    assert_eq!(read(&remote, 0, 10).unwrap(), bytes[..10]);
    assert!(start.elapsed() < Duration::from_millis(600), "{:?}", start.elapsed());
    assert_eq!(server.asked().len(), 5);
}

#[test]
fn a_server_without_parts_is_asked_once() {
    let bytes = file(LENGTH);
    let whole = bytes.clone();
    let server = Server::new(move |_, _| Answer::Say(status(200, "", &whole)));
    let remote = open(&server.url("/a.dca")).unwrap();
    assert_eq!(remote.bytes().unwrap(), bytes);
    remote.prepare(&[0..100]);
    assert_eq!(read(&remote, 7, 100).unwrap(), bytes[7..107]);
    assert!(read(&remote, LENGTH as u64, 1).is_err());
    assert_eq!(server.asked().len(), 1);
    let limits = Limits { decoded_bytes: LENGTH as u64 - 1, ..Limits::default() };
    let trouble = Remote::open_with(&server.url("/a.dca"), &limits, patience()).err().unwrap();
    assert!(matches!(trouble, Trouble::TooMuch { limit: 999_999, .. }), "{trouble}");
}

#[test]
fn a_length_that_is_not_told_is_that_of_what_comes() {
    let bytes = file(1000);
    let chunked = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n".as_slice(), &bytes, b"\r\n0\r\n\r\n"].concat();
    let server = Server::new(move |_, _| Answer::Say(chunked.clone()));
    assert_eq!(open(&server.url("/")).unwrap().bytes().unwrap(), bytes);
    let limits = Limits { decoded_bytes: 999, ..Limits::default() };
    assert!(matches!(Remote::open_with(&server.url("/"), &limits, patience()), Err(Trouble::TooMuch { .. })));
    // Nor is it in a part.
    let whole = bytes.clone();
    let server = Server::new(move |asked, _| {
        Answer::Say(if asked.range.is_some() { status(206, "Content-Range: bytes 0-99/*\r\n", &whole[..100]) } else { status(200, "", &whole) })
    });
    assert_eq!(open(&server.url("/")).unwrap().bytes().unwrap(), bytes);
}

#[test]
fn a_server_that_knows_no_last_bytes_is_asked_for_the_first() {
    let bytes = file(LENGTH);
    for refusal in [status(200, "Accept-Ranges: bytes\r\n", &bytes), status(416, "", b""), status(400, "", b"no")] {
        let given = bytes.clone();
        let server = Server::new(move |asked, _| {
            let last = asked.range.as_ref().unwrap().starts_with("bytes=-");
            if last { Answer::Cut(refusal.clone()) } else { Answer::Say(part(asked, &given, "")) }
        });
        let remote = open(&server.url("/")).unwrap();
        assert!(remote.bytes().is_none());
        assert_eq!(remote.length(), LENGTH as u64);
        assert_eq!(read(&remote, LENGTH as u64 - 9, 9).unwrap(), bytes[LENGTH - 9..]);
    }
    let server = Server::new(|_, _| Answer::Say(status(416, "Content-Range: bytes */0\r\n", b"")));
    assert_eq!(open(&server.url("/")).unwrap().length(), 0);
}

/// What a server says of a file that is another now.
type Change = Box<dyn Fn(&Asked) -> Vec<u8> + Send + Sync>;

#[test]
fn a_file_that_changes_is_never_mixed() {
    // Another tag, another time, another length, all of another file, or none there any more.
    let (old, new) = (file(LENGTH), file(LENGTH + 1));
    let same = old.clone();
    let changes: [Change; 5] = [
        Box::new(move |asked| part(asked, &same, "ETag: \"two\"\r\n")),
        Box::new({
            let same = old.clone();
            move |asked| part(asked, &same, "Last-Modified: Tue, 02 Jan 2024 00:00:00 GMT\r\n")
        }),
        Box::new(move |asked| part(asked, &new, "ETag: \"one\"\r\n")),
        Box::new({
            let same = old.clone();
            move |_| status(200, "ETag: \"two\"\r\n", &same)
        }),
        Box::new(|_| status(416, "Content-Range: bytes */10\r\n", b"")),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let first = old.clone();
        let server = Server::new(move |asked, number| {
            let headers = "ETag: \"one\"\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n";
            Answer::Say(if number == 0 { part(asked, &first, headers) } else { change(asked) })
        });
        let remote = open(&server.url("/a.dca")).unwrap();
        let error = read(&remote, 0, 10).unwrap_err();
        assert!(error.to_string().contains("/a.dca: the file changed while it was read"), "{number}: {error}");
        assert_eq!(server.asked().len(), 2, "{number}");
    }
}

#[test]
fn a_weak_tag_is_compared_but_no_condition() {
    let bytes = file(LENGTH);
    let server = Server::new(move |asked, _| Answer::Say(part(asked, &bytes, "ETag: W/\"one\"\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n")));
    let remote = open(&server.url("/")).unwrap();
    read(&remote, 0, 10).unwrap();
    assert_eq!(server.asked()[1].condition.as_deref(), Some("Mon, 01 Jan 2024 00:00:00 GMT"));
}

#[test]
fn answers_that_are_cut_are_asked_for_again() {
    let bytes = file(LENGTH);
    for failures in [2, 3] {
        let whole = bytes.clone();
        let server = Server::new(move |asked, number| {
            let answer = part(asked, &whole, "");
            if (1..=failures).contains(&number) { Answer::Cut(answer[..answer.len() - 10].to_vec()) } else { Answer::Say(answer) }
        });
        let remote = open(&server.url("/a.dca")).unwrap();
        let got = read(&remote, 0, 10_000);
        if failures < 3 {
            assert_eq!(got.unwrap(), bytes[..10_000]);
        } else {
            let error = got.unwrap_err().to_string();
            assert!(error.contains("/a.dca: the answer was cut short, after 9990 of 10000 bytes"), "{error}");
            // What failed is asked for anew by whoever reads again.
            assert_eq!(read(&remote, 0, 10_000).unwrap(), bytes[..10_000]);
        }
    }
    // All of a file, too.
    let whole = bytes.clone();
    let server = Server::new(move |_, number| {
        let answer = status(200, "", &whole);
        if number == 0 { Answer::Cut(answer[..500].to_vec()) } else { Answer::Say(answer) }
    });
    assert_eq!(open(&server.url("/")).unwrap().bytes().unwrap(), bytes);
}

#[test]
fn other_bytes_than_were_asked_for_are_refused() {
    let bytes = file(LENGTH);
    for wrong in [
        "Content-Range: bytes 1-32768/1000000\r\n",
        "Content-Range: bytes 0-65534/1000000\r\n",
        "Content-Range: bytes 5-4/1000000\r\n",
        "Content-Range: bytes 0-18446744073709551615/1000000\r\n",
        "Content-Range: bytes 0-99/50\r\n",
        "Content-Range: items 0-65535/1000000\r\n",
        "",
        "Content-Range: bytes 0-65535/1000000\r\nContent-Encoding: gzip\r\n",
    ] {
        let (given, headers) = (bytes.clone(), wrong.to_owned());
        let server = Server::new(move |asked, number| Answer::Say(if number == 0 { part(asked, &given, "") } else { status(206, &headers, &given[..32_768]) }));
        let remote = open(&server.url("/a.dca")).unwrap();
        let error = read(&remote, 0, 10).unwrap_err().to_string();
        assert!(error.contains("/a.dca: the server answered with other bytes than were asked for"), "{wrong}: {error}");
        assert_eq!(server.asked().len(), 2, "{wrong}: {:?}", server.asked());
    }
    // More than was asked for, where there is no telling which of it was meant.
    let server = Server::new(move |_, _| Answer::Say(status(206, "Content-Range: bytes 0-99999/1000000\r\n", &bytes[..100_000])));
    assert!(matches!(open(&server.url("/")), Err(Trouble::Wrong { .. })));
}

#[test]
fn a_redirection_is_gone_once_and_anew_when_it_ends() {
    let bytes = file(LENGTH);
    let given = bytes.clone();
    let server = Server::new(move |asked, number| {
        Answer::Say(match asked.path.as_str() {
            "/a.dca" if number < 3 => status(302, "Location: /there?key=1\r\n", b""),
            "/a.dca" => status(302, "Location: /there?key=2\r\n", b""),
            "/there?key=1" if number > 2 => status(403, "", b"expired"),
            _ => part(asked, &given, "ETag: \"one\"\r\n"),
        })
    });
    let remote = open(&server.url("/a.dca")).unwrap();
    for at in [0, 200_000, 400_000] {
        assert_eq!(read(&remote, at, 10).unwrap(), bytes[at as usize..at as usize + 10]);
    }
    let paths: Vec<String> = server.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/a.dca", "/there?key=1", "/there?key=1", "/there?key=1", "/a.dca", "/there?key=2", "/there?key=2"]);
    let server = Server::new(|_, _| Answer::Say(status(302, "Location: /\r\n", b"")));
    assert!(matches!(open(&server.url("/")), Err(Trouble::Address { .. })));
}

#[test]
fn refusals_name_address_and_status() {
    for (code, advice, attempts) in [
        (404, "there is no such file", 1),
        (403, "not open to everyone", 1),
        (418, "check the address", 1),
        (500, "try again later", 3),
        (429, "try again later", 3),
    ] {
        let server = Server::new(move |_, _| Answer::Say(status(code, "", b"no")));
        let url = server.url("/a.dca");
        let told = open(&url.replace("http://", "http://me:secret@")).err().unwrap().to_string();
        assert!(told.starts_with(&format!("{url}: the server answered {code}; ")) && told.contains(advice), "{told}");
        assert_eq!(server.asked().len(), attempts, "{code}");
    }
}

#[test]
fn a_busy_server_is_left_alone_for_as_long_as_it_asks() {
    let bytes = file(1000);
    let given = bytes.clone();
    let server = Server::new(move |asked, number| Answer::Say(if number == 0 { status(503, "Retry-After: 1\r\n", b"") } else { part(asked, &given, "") }));
    let start = Instant::now();
    assert_eq!(read(&open(&server.url("/")).unwrap(), 0, 1000).unwrap(), bytes);
    assert!(start.elapsed() >= Duration::from_secs(1));
    // But not for longer than anyone would wait.
    let server = Server::new(move |_, _| Answer::Say(status(429, "Retry-After: 3600\r\n", b"")));
    assert!(matches!(open(&server.url("/")), Err(Trouble::Status { status: 429, .. })));
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let bytes = file(LENGTH);
    let pause = Duration::from_secs(20);
    for sent in [0, 300] {
        let given = bytes.clone();
        let server = Server::new(move |asked, number| {
            let answer = part(asked, &given, "");
            if number == 0 { Answer::Say(answer) } else { Answer::Stall(answer[..sent].to_vec(), pause) }
        });
        let remote = open(&server.url("/a.dca")).unwrap();
        let start = Instant::now();
        let error = read(&remote, 0, 10).unwrap_err().to_string();
        assert!(error.contains("/a.dca: no answer (timeout"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        assert_eq!(server.asked().len(), 4);
    }
    // In the middle of a file that is given whole, for which no time is set.
    let server = Server::new(move |_, _| Answer::Stall(status(200, "", &file(1000))[..300].to_vec(), pause));
    let start = Instant::now();
    assert!(open(&server.url("/")).is_err());
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    // Nobody there at all.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(matches!(open(&format!("http://{free}/")), Err(Trouble::NoAnswer { .. })));
    assert!(matches!(open("http://"), Err(Trouble::Address { .. })));
    assert!(matches!(open("http://nowhere.invalid/"), Err(Trouble::Address { .. } | Trouble::NoAnswer { .. })));
}

/// A running nginx that ends with the test.
struct Nginx(std::process::Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where Debian has it, and where the path leads.
fn nginx() -> Option<Command> {
    let found = |program: &&str| Command::new(program).arg("-v").stderr(Stdio::null()).status().is_ok();
    ["nginx", "/usr/sbin/nginx"].iter().find(|program| found(program)).map(Command::new)
}

#[test]
fn nginx_gives_the_parts_and_counts_them() {
    let Some(mut nginx) = nginx() else {
        assert!(
            std::env::var_os("DEEPCOMP_NGINX_OPTIONAL").is_some(),
            "no nginx; install it (nginx-light on Debian), or set DEEPCOMP_NGINX_OPTIONAL to skip this"
        );
        return println!("skipped: no nginx");
    };
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let bytes = file(20 * LENGTH);
    std::fs::write(at.join("a.dca"), &bytes).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let path = at.display();
    let settings = format!(
        "daemon off; master_process off; pid {path}/pid; error_log {path}/errors; events {{}}
         http {{ log_format parts '$connection $status $body_bytes_sent'; access_log {path}/log parts; gzip on; gzip_types *;
         client_body_temp_path {path}/b; proxy_temp_path {path}/p; fastcgi_temp_path {path}/f; uwsgi_temp_path {path}/u; scgi_temp_path {path}/s;
         server {{ listen 127.0.0.1:{port}; root {path}; location /old/ {{ rewrite ^/old/(.*) /$1 redirect; }} location /whole/ {{ alias {path}/; max_ranges 0; }} }} }}"
    );
    std::fs::write(at.join("settings"), settings).unwrap();
    let _running = Nginx(nginx.arg("-e").arg(at.join("errors")).arg("-c").arg(at.join("settings")).stderr(Stdio::null()).spawn().unwrap());
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(start.elapsed() < Duration::from_secs(20), "{}", std::fs::read_to_string(at.join("errors")).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(20));
    }
    let url = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    let log = || {
        // Written when a request has ended, which the client may know first.
        std::thread::sleep(Duration::from_millis(100));
        let mut text = String::new();
        std::fs::File::open(at.join("log")).unwrap().read_to_string(&mut text).unwrap();
        text.lines().map(|line| line.split(' ').map(|n| n.parse().unwrap()).collect::<Vec<u64>>()).collect::<Vec<_>>()
    };

    let remote = open(&url("old/a.dca")).unwrap();
    let ranges: Vec<Range<u64>> = (0..10).map(|n| n * 1_500_000..n * 1_500_000 + 5000).collect();
    remote.prepare(&ranges);
    for range in &ranges {
        assert_eq!(read(&remote, range.start, 5000).unwrap(), bytes[range.start as usize..range.end as usize]);
    }
    let first = log();
    assert_eq!(first.iter().map(|line| line[1]).collect::<Vec<_>>(), [[302, 206].as_slice(), &[206; 10]].concat());
    let sent: u64 = first[1..].iter().map(|line| line[2]).sum();
    assert_eq!(sent, LAST + 10 * 5000);
    let connections: std::collections::BTreeSet<u64> = first.iter().map(|line| line[0]).collect();
    assert!(connections.len() <= super::CONNECTIONS, "{first:?}");

    // All of it, in pieces.
    assert_eq!(read(&remote, 0, bytes.len()).unwrap(), bytes);
    assert!(log().len() <= first.len() + 4);

    // Written anew under the hands of a reader.
    let remote = open(&url("a.dca")).unwrap();
    std::fs::write(at.join("new"), file(20 * LENGTH + 1)).unwrap();
    std::fs::rename(at.join("new"), at.join("a.dca")).unwrap();
    let error = read(&remote, 0, 10).unwrap_err().to_string();
    assert!(error.contains("the file changed while it was read"), "{error}");

    let remote = open(&url("whole/a.dca")).unwrap();
    assert_eq!(remote.bytes().unwrap(), file(20 * LENGTH + 1));
    assert!(matches!(open(&url("none.dca")), Err(Trouble::Status { status: 404, .. })));
}

//! HTTP/1.1 client over one keep-alive connection, hand-written: a load generator must cost less than the server it measures.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Buffer size: holds the head of any response, and most pages in full.
const BUFFER_BYTES: usize = 64 * 1024;

pub(crate) struct Connection {
    stream: TcpStream,
    room: Vec<u8>,
    filled: usize,
    is_closing: bool,
}

/// Response that has been read completely.
#[derive(Clone, Copy)]
pub(crate) struct Response {
    pub(crate) status: u16,
    head: usize,
    end: usize,
}

impl Response {
    /// Returns the length of head and body together.
    pub(crate) const fn octets(self) -> usize {
        self.end
    }
}

impl Connection {
    #[expect(clippy::disallowed_methods, reason = "the address is that of the server that is measured")]
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, room: vec![0; BUFFER_BYTES], filled: 0, is_closing: false })
    }

    /// Sends a request and reads the whole response.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Response> {
        self.stream.write_all(request).await?;
        self.filled = 0;
        let head = loop {
            if let Some(head) = Head::read(&self.room[..self.filled])? {
                break head;
            }
            self.read_more().await?;
        };
        self.is_closing = head.is_last;
        let end = loop {
            let body = &self.room[head.length..self.filled];
            let found = match head.body {
                Some(length) => (body.len() >= length).then_some(head.length + length),
                None => body.ends_with(b"0\r\n\r\n").then_some(self.filled),
            };
            match found {
                Some(end) => break end,
                None => self.read_more().await?,
            }
        };
        Ok(Response { status: head.status, head: head.length, end })
    }

    async fn read_more(&mut self) -> io::Result<()> {
        if self.filled == self.room.len() {
            self.room.resize(self.room.len() * 2, 0);
        }
        match self.stream.read(&mut self.room[self.filled..]).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.filled += count;
                Ok(())
            }
        }
    }

    /// Returns whether the server announced that it will close the connection.
    pub(crate) const fn is_closing(&self) -> bool {
        self.is_closing
    }

    /// Returns the head and the body of the latest response.
    pub(crate) fn texts(&self, answer: Response) -> (String, String) {
        let text = |range| String::from_utf8_lossy(&self.room[range]).into_owned();
        (text(0..answer.head), text(answer.head..answer.end))
    }
}

/// Parsed head of a response.
struct Head {
    status: u16,
    length: usize,
    /// Length of the body; `None` for a chunked one.
    body: Option<usize>,
    is_last: bool,
}

impl Head {
    /// Returns `None` until the head is complete.
    fn read(text: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = text.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let number = |digits: &[u8]| std::str::from_utf8(digits).ok().and_then(|digits| digits.trim().parse::<usize>().ok());
        let wrong = || io::Error::from(io::ErrorKind::InvalidData);
        let status = text.get(9..12).and_then(number).and_then(|status| u16::try_from(status).ok()).ok_or_else(wrong)?;
        let mut head = Self { status, length: end + 4, body: Some(0), is_last: false };
        for line in text[..end].split(|byte| *byte == b'\n').skip(1) {
            if let Some(value) = after(line, b"content-length:") {
                head.body = Some(number(value).ok_or_else(wrong)?);
            } else if let Some(value) = after(line, b"transfer-encoding:") {
                head.body = if value.trim_ascii().eq_ignore_ascii_case(b"chunked") { None } else { return Err(wrong()) };
            } else if let Some(value) = after(line, b"connection:") {
                head.is_last = value.trim_ascii().eq_ignore_ascii_case(b"close");
            }
        }
        Ok(Some(head))
    }
}

/// Returns the rest of a line that starts with `name`.
fn after<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nconnection: close\r\n\r\nrest";
        assert!(Head::read(&text[..50]).unwrap().is_none());
        let head = Head::read(text).unwrap().unwrap();
        assert_eq!((head.status, head.body, head.is_last, &text[head.length..]), (200, Some(12), true, &b"rest"[..]));
    }

    #[test]
    fn chunks_have_no_length_and_rubbish_is_an_error() {
        let chunked = Head::read(b"HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap().unwrap();
        assert_eq!((chunked.status, chunked.body, chunked.is_last), (401, None, false));
        assert!(Head::read(b"SSH-2.0-OpenSSH_9.2\r\n\r\n").is_err());
    }
}

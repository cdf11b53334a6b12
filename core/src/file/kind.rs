//! What a file is. Its content decides, its name must agree, and what is not on the list is refused: pages, vector
//! images and scripts, which a browser might run, and programs.

/// Bytes kept of the beginning and of the end.
const KEPT: usize = 64 * 1024;

/// The extensions that are accepted, and the type that the content must have.
const ACCEPTED: [(&str, &str); 23] = [
    ("png", "image/png"),
    ("jpg", JPEG),
    ("jpeg", JPEG),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("pdf", "application/pdf"),
    ("doc", "application/msword"),
    ("xls", "application/vnd.ms-excel"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("docx", DOCX),
    ("xlsx", XLSX),
    ("pptx", PPTX),
    ("txt", TEXT),
    ("log", TEXT),
    ("csv", "text/csv"),
    ("zip", ZIP),
    ("rar", "application/vnd.rar"),
    ("7z", "application/x-7z-compressed"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("m4a", "audio/m4a"),
    ("amr", "audio/amr"),
    ("wav", "audio/x-wav"),
];
const JPEG: &str = "image/jpeg";
const TEXT: &str = "text/plain";
const ZIP: &str = "application/zip";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
/// The container of DOC, XLS and PPT. Which of them it is stands deep inside; their names tell them apart.
const OLE: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// An accepted kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// The extension that fits.
    pub(super) extension: &'static str,
    /// The content type.
    pub(super) content_type: &'static str,
}

/// Looks at a file as it comes in.
#[derive(Debug, Default)]
pub(super) struct Sniffer {
    head: Vec<u8>,
    tail: Vec<u8>,
    text: TextCheck,
}

impl Sniffer {
    /// The next bytes.
    pub(super) fn update(&mut self, chunk: &[u8]) {
        let room = KEPT.saturating_sub(self.head.len()).min(chunk.len());
        self.head.extend_from_slice(&chunk[..room]);
        let end = &chunk[chunk.len().saturating_sub(KEPT)..];
        let surplus = (self.tail.len() + end.len()).saturating_sub(KEPT);
        self.tail.drain(..surplus);
        self.tail.extend_from_slice(end);
        self.text.update(chunk);
    }

    /// What it is, if content and extension agree. Without an extension the content alone decides.
    pub(super) fn decide(&self, extension: &str) -> Option<Kind> {
        let found = self.content_type();
        if extension.is_empty() {
            let (extension, content_type) = ACCEPTED.into_iter().find(|(_, named)| found == Some(*named))?;
            return Some(Kind { extension, content_type });
        }
        let (extension, named) = ACCEPTED.into_iter().find(|(accepted, _)| *accepted == extension)?;
        let content_type = match found {
            Some(found) if found == named => found,
            // Phones and messengers mix these up; each is shown by what it is.
            Some(found) if found.starts_with("image/") && named.starts_with("image/") => found,
            Some(DOCX | XLSX | PPTX) if named == ZIP => ZIP,
            None if self.head.starts_with(&OLE) && matches!(extension, "doc" | "xls" | "ppt") => named,
            None if named.starts_with("text/") && self.is_plain_text() => named,
            _ => return None,
        };
        Some(Kind { extension, content_type })
    }

    /// The type by the magic bytes; none for text and for what is not accepted.
    fn content_type(&self) -> Option<&'static str> {
        if self.head.starts_with(b"PK\x03\x04") {
            return Some(self.zip_type());
        }
        // infer knows BMP by two letters and the like: only what is accepted counts.
        let found = infer::get(&self.head)?.mime_type();
        let (_, found) = ACCEPTED.into_iter().find(|(_, accepted)| *accepted == found)?;
        if found.starts_with("image/") && self.is_two_in_one() { None } else { Some(found) }
    }

    /// An office document is a ZIP with a list of content types and a folder of its own.
    fn zip_type(&self) -> &'static str {
        let names = zip_names(&self.head, b"PK\x03\x04", 30).chain(zip_names(&self.tail, b"PK\x01\x02", 46));
        let (mut listed, mut folder) = (false, ZIP);
        for name in names {
            match name {
                _ if name.starts_with(b"[Content_Types].xml") => listed = true,
                _ if name.starts_with(b"word/") => folder = DOCX,
                _ if name.starts_with(b"xl/") => folder = XLSX,
                _ if name.starts_with(b"ppt/") => folder = PPTX,
                _ => {}
            }
        }
        if listed { folder } else { ZIP }
    }

    /// An image that is a page or an archive as well.
    fn is_two_in_one(&self) -> bool {
        const MARKUP: [&[u8]; 5] = [b"<script", b"<html", b"<?php", b"<!doctype", b"<iframe"];
        let holds = |bytes: &[u8], word: &[u8]| bytes.windows(word.len()).any(|at| at.eq_ignore_ascii_case(word));
        MARKUP.iter().any(|word| holds(&self.head, word) || holds(&self.tail, word)) || holds(&self.tail, b"PK\x05\x06")
    }

    /// Text that is neither a page nor a script.
    fn is_plain_text(&self) -> bool {
        let start = self.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.head).trim_ascii_start();
        let markup = matches!(start, [b'<', next, ..] if next.is_ascii_alphabetic() || matches!(next, b'!' | b'?'));
        self.text.is_text() && !self.head.is_empty() && !markup && !start.starts_with(b"#!")
    }
}

/// The names in a ZIP's headers of one kind: each stands `offset` bytes after its header's signature.
fn zip_names<'a>(bytes: &'a [u8], signature: &'static [u8; 4], offset: usize) -> impl Iterator<Item = &'a [u8]> {
    let headers = bytes.windows(4).enumerate().filter(move |(_, at)| *at == signature);
    headers.filter_map(move |(i, _)| bytes.get(i + offset..))
}

/// Whether the bytes so far are text in UTF-8 or GBK.
#[derive(Debug)]
struct TextCheck {
    utf8: bool,
    /// A character of which the rest is to come.
    rest: Vec<u8>,
    gbk: bool,
    /// The first of two bytes was seen.
    lead: bool,
}

impl Default for TextCheck {
    fn default() -> Self {
        Self { utf8: true, rest: Vec::new(), gbk: true, lead: false }
    }
}

impl TextCheck {
    fn update(&mut self, chunk: &[u8]) {
        if !(self.utf8 || self.gbk) {
            return;
        }
        let control = |b: &u8| *b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
        if chunk.iter().any(control) {
            (self.utf8, self.gbk) = (false, false);
        }
        self.utf8 = self.utf8 && self.continues_utf8(chunk);
        self.gbk = self.gbk && chunk.iter().all(|b| self.continues_gbk(*b));
    }

    fn continues_utf8(&mut self, chunk: &[u8]) -> bool {
        self.rest.extend_from_slice(chunk);
        let (valid, broken) = match std::str::from_utf8(&self.rest) {
            Ok(text) => (text.len(), false),
            Err(error) => (error.valid_up_to(), error.error_len().is_some()),
        };
        self.rest.drain(..valid);
        !broken
    }

    fn continues_gbk(&mut self, byte: u8) -> bool {
        let (lead, fits) = match (self.lead, byte) {
            (true, 0x40..=0x7e | 0x80..=0xfe) | (false, 0..=0x7f) => (false, true),
            (false, 0x81..=0xfe) => (true, true),
            _ => (false, false),
        };
        self.lead = lead;
        fits
    }

    fn is_text(&self) -> bool {
        (self.utf8 && self.rest.is_empty()) || (self.gbk && !self.lead)
    }
}

#[cfg(test)]
mod tests {
    use super::{DOCX, KEPT, Sniffer, XLSX, ZIP};

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF";
    const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0";
    const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0";

    fn decide(name: &str, content: &[u8]) -> Option<&'static str> {
        let mut sniffer = Sniffer::default();
        // In pieces, so that nothing depends on where a chunk ends.
        content.chunks(7).for_each(|chunk| sniffer.update(chunk));
        sniffer.decide(&crate::file::name::extension(name)).map(|kind| kind.content_type)
    }

    fn zip(names: &[&str]) -> Vec<u8> {
        let entry = |name: &&str| [b"PK\x03\x04".as_slice(), &[0; 26], name.as_bytes(), b"content"].concat();
        names.iter().flat_map(entry).collect()
    }

    #[test]
    fn content_decides_and_the_name_must_agree() {
        for (name, content, wanted) in [
            ("a.png", PNG, Some("image/png")),
            ("a.PNG", PNG, Some("image/png")),
            ("a.png", JPEG, Some("image/jpeg")),
            ("photo", JPEG, Some("image/jpeg")),
            ("a.pdf", b"%PDF-1.7\n", Some("application/pdf")),
            ("a.pdf", PNG, None),
            ("a.png", b"%PDF-1.7\n", None),
            ("a.exe", PNG, None),
            ("a.png", EXE, None),
            ("a.exe", EXE, None),
            ("a.txt", EXE, None),
            ("a.doc", OLE, Some("application/msword")),
            ("a.docx", OLE, None),
            ("setup", OLE, None),
            ("a.msi", OLE, None),
            ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
            ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
            ("a.html", b"<html></html>", None),
            ("a.txt", b"  <!DOCTYPE html><script>", None),
            ("a.txt", b"#!/bin/sh\nrm -rf /", None),
            ("a.js", b"alert(1)", None),
            ("a.gif", b"GIF89a/*<ScRiPt>alert(1)</script>*/", None),
            ("a.jpg", b"\xff\xd8\xff\xe0...<?php system(1)", None),
            ("a.png", b"\x89PNG\r\n\x1a\n...PK\x05\x06....", None),
            ("a.txt", "姓名,电话\n李华,1".as_bytes(), Some("text/plain")),
            ("a.csv", "\u{feff}姓名,电话\n".as_bytes(), Some("text/csv")),
            ("a.txt", b"\xd0\xd5\xc3\xfb,\xb5\xe7\xbb\xb0\n", Some("text/plain")),
            ("a.txt", b"BMI 24.1", Some("text/plain")),
            ("a.txt", b"half a character \xe5", None),
            ("a.txt", b"null \0 byte", None),
            ("a.log", b"", None),
            ("notes", b"only text", None),
        ] {
            assert_eq!(decide(name, content), wanted, "{name} {:?}", String::from_utf8_lossy(content));
        }
    }

    #[test]
    fn an_office_document_is_told_from_a_zip() {
        let docx = zip(&["[Content_Types].xml", "_rels/.rels", "word/document.xml"]);
        let xlsx = zip(&["xl/workbook.xml", "[Content_Types].xml"]);
        let plain = zip(&["word/readme.txt", "data.csv"]);
        for (name, content, wanted) in [
            ("a.docx", &docx, Some(DOCX)),
            ("a.xlsx", &docx, None),
            ("a.zip", &docx, Some(ZIP)),
            ("a.xlsx", &xlsx, Some(XLSX)),
            ("a.zip", &plain, Some(ZIP)),
            ("a.docx", &plain, None),
            ("a.png", &plain, None),
        ] {
            assert_eq!(decide(name, content), wanted, "{name}");
        }
        // The list of names at the end counts where the beginning is full of something else.
        let mut long = zip(&["[Content_Types].xml"]);
        long.extend(vec![1; 3 * KEPT]);
        long.extend([b"PK\x01\x02".as_slice(), &[0; 42], b"word/document.xml"].concat());
        assert_eq!(decide("a.docx", &long), Some(DOCX));
    }
}

//! What the tree reads, and everything it must refuse.

use super::*;

fn text_of(document: &str) -> String {
    parse(document).unwrap().text
}

fn refusal(document: &str) -> String {
    parse(document).unwrap_err().to_string()
}

#[test]
fn names_mean_the_same_under_any_prefix() {
    let prefixed = parse("<p:a xmlns:p='urn:x'><p:b c='1'/></p:a>").unwrap();
    let default = parse("<a xmlns='urn:x'>\n<b c='1'/></a>").unwrap();
    assert_eq!(prefixed.children, default.children);
    assert!(prefixed.is("urn:x", "a") && default.is("urn:x", "a"));
    let rebound = parse("<a xmlns='urn:x'><a xmlns='urn:y'/><a xmlns=''/></a>").unwrap();
    assert!(rebound.children[0].is("urn:y", "a") && rebound.children[1].is("", "a"));
}

#[test]
fn cdata_comments_and_references_are_text_like_any_other() {
    assert_eq!(
        text_of("<a>x<![CDATA[<&>]]><!-- no -->y&#65;&#x42;&lt;&amp;&quot;</a>"),
        "x<&>yAB<&\""
    );
    assert_eq!(
        text_of("<a>1\r\n2\r3&#13;</a>"),
        "1\n2\n3\r",
        "line ends are folded, references are not"
    );
    let attribute = parse("<a n='&lt;1&#10;2\n3'/>").unwrap();
    assert_eq!(attribute.attribute("", "n"), Some("<1\n2 3"));
}

#[test]
fn a_document_type_is_refused_before_anything_of_it_is_read() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\">]><a>&b;</a>";
    assert!(refusal(bomb).contains("DOCTYPE"));
    assert!(refusal("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>").contains("DOCTYPE"));
}

#[test]
fn what_is_not_well_formed_is_refused() {
    let cases = [
        "",
        "   ",
        "text",
        "<a>",
        "<a></b>",
        "</a>",
        "<a/><b/>",
        "<a/>text",
        "<a/>&amp;",
        "<a/><![CDATA[x]]>",
        "<a b='1' b='2'/>",
        "<a b=1/>",
        "<a b='<'/>",
        "<a b/>",
        "<a>&nope;</a>",
        "<a>&#1;</a>",
        "<a>&#xD800;</a>",
        "<a>\u{1}</a>",
        "<a>\u{FFFE}</a>",
        "<a>]]></a>",
        "<p:a/>",
        "<a p:b='1'/>",
        "<a><!-- -- --></a>",
        "<1a/>",
        "<a:b:c xmlns:a='x'/>",
        "<a>&amp</a>",
        "<a>& b</a>",
        "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
        "<a><?pi x?></a>",
        " <?xml version='1.0'?><a/>",
        "<?xml version='1.1'?><a/>",
        "<a b='1'c='2'/>",
        "<a xmlns:p=''/>",
        "<?xml?><a/>",
        "<?xml encoding='utf-8'?><a/>",
        "<?xml version='1.0'encoding='utf-8'?><a/>",
        "<?xml version='1.0' standalone='yes' encoding='utf-8'?><a/>",
        "<?xml version='1.0' standalone='maybe'?><a/>",
        "<?xml version='1.0' encoding=''?><a/>",
        "<?xml version='1.0' version='1.0'?><a/>",
        "<?xml version=1.0?><a/>",
        "<?xml version='1.0' x?><a/>",
        "<a b='&#2;'/>",
        "<a b='\u{2}'/>",
        "<a",
        "<a><![CDATA[x</a>",
        "<a><!-- x</a>",
    ];
    for case in cases {
        assert!(parse(case).is_err(), "{case:?} was read");
    }
}

#[test]
fn depth_is_limited_and_the_line_of_a_mistake_is_named() {
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    assert!(refusal(&deep).contains("deeper than 64"));
    assert!(refusal("<a>\n<b>\n</c></a>").contains("near line 3"));
}

#[test]
fn every_right_declaration_is_read() {
    for declaration in [
        "<?xml version='1.0'?>",
        "<?xml version=\"1.0\" ?>\n",
        "<?xml\tversion = '1.0' encoding = \"UTF-8\"  standalone = 'no' ?>",
        "<?xml version='1.0' standalone='yes'?>",
    ] {
        assert!(parse(&format!("{declaration}<a/>")).is_ok(), "{declaration}");
    }
}

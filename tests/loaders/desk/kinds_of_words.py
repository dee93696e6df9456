"""Deliberate errors: what cannot be read, and what single words and cells say."""

from __future__ import annotations

from .kind import LETTER, RESOLUTION, SOURCE, Kind, elsewhere, row, swap, table

#: Files that cannot be read.
MALFORMED = (
    Kind(
        "malformed",
        "a quotation mark left open",
        "tables/series.csv",
        swap("\nccm-rc,ccm", '\n«"ccm-rc,ccm'),
        "Close the cell",
    ),
    Kind(
        "malformed",
        "a cell too many",
        "tables/series.csv",
        swap(
            "aplc-im,aplc,im,doc:letter/2018-04-16/aplc-im-2018,",
            "aplc-im,aplc,im,,doc:letter/2018-04-16/aplc-im-2018,«",
        ),
        "commas",
    ),
    Kind(
        "malformed",
        "a column misspelt",
        "tables/series.csv",
        swap("series,treaty,", "series,«traety,"),
        "Did you mean “treaty”?",
    ),
    Kind(
        "malformed",
        "a column left out",
        "tables/places.csv",
        swap("place,name,state,country,source,confidence", "«place,name,state,source,confidence"),
        "The first line must be",
    ),
    Kind(
        "malformed",
        "a mapping that is no JSON",
        "tables/series.csv-metadata.json",
        swap('"tableSchema": {', '"tableSchema": «;'),
        "bracket",
        others=("tables/series.csv",),
    ),
    Kind(
        "malformed",
        "a mapping with an unknown datatype",
        "tables/series.csv-metadata.json",
        elsewhere(swap('"base": "string",\n          "format": "[a-z0-9-]+"', '"base": "sting"'), '"name": "series"'),
        "another table",
        others=("tables/series.csv",),
    ),
    Kind("malformed", "a letter in another encoding", "tables/places.csv", swap("San José", "San Jos«\udce9"), "UTF-8"),
    Kind(
        "malformed",
        "a full stop left out",
        LETTER,
        swap(
            '    skos:prefLabel "Suraya Dalil"@en .\n  <place/geneva> a tg:Place',
            '    skos:prefLabel "Suraya Dalil"@en\n  «<place/geneva> a tg:Place',
        ),
        "lines around it",
    ),
    Kind(
        "malformed",
        "a prefix that nobody declared",
        LETTER,
        swap("tg:role role:president", "tg:role «roles:president"),
        "Declare the prefix",
    ),
    Kind(
        "malformed",
        "a name with a blank in it",
        LETTER,
        swap("tg:place <place/geneva>", "tg:place «<place/gen eva>"),
        "blanks",
    ),
)
#: What the cells and words of one file say.
WORDS = (
    table(
        "meetings",
        "end",
        "aplc-im-2022,",
        "2022-06-31",
        "bad-value",
        "a day that does not exist",
        "June 2022 has 30 days",
    ),
    table("meetings", "start", "aplc-im-2022,", "20 June 2022", "bad-value", "a date in words", "Write 2022-06-20"),
    table("meetings", "ordinal", "aplc-msp-9,", "nine", "bad-value", "a number in words", "Write digits"),
    table("places", "place", "beirut,", "Beirut", "bad-value", "a key of another form", "must match"),
    table(
        "bodies",
        "websites",
        "ccm-implementation-support-unit,",
        "www.clusterconvention.org/",
        "bad-value",
        "half an address",
        "must match http",
    ),
    table("meetings", "treaty", "aplc-im-2022,", "", "missing-value", "a cell that must be filled in", "Fill it in"),
    table("places", "source", "beirut,", "", "missing-source", "a row without its source", "Say where"),
    table(
        "places",
        "confidence",
        "beirut,",
        "from-memory-unverified",
        "unverified",
        "a fact that somebody remembers",
        "Find a source",
    ),
    table(
        "places", "confidence", "beirut,", "sourced-exaktly", "unknown-code", "a confidence misspelt", "sourced-exactly"
    ),
    table(
        "places",
        "source",
        "beirut,",
        "doc:A/RES 75/62",
        "bad-source",
        "a source that names no document",
        "doc:a/res/77/63",
    ),
    Kind(
        "repeated-key", "the same row twice", "tables/series.csv", row(f"«ccm-rc,ccm,rc,{SOURCE}"), "one row of the two"
    ),
    table(
        "meetings",
        "class",
        "aplc-im-2022,",
        "IntersesionalMeeting",
        "unknown-term",
        "a class misspelt",
        "Did you mean tg:IntersessionalMeeting?",
    ),
    table(
        "meetings", "kind", "aplc-im-2022,", "imm", "unknown-term", "a code misspelt", "Did you mean meeting-type:im?"
    ),
    table(
        "tenures",
        "meeting",
        "aplc-msp-17,",
        "aplc-msp-177",
        "unknown-reference",
        "a row of another table that is not there",
        "Did you mean “aplc-msp-17”?",
    ),
    table(
        "resolutions",
        "symbol",
        "a/res/57/74,",
        "A/RES/57/47",
        "misnamed-document",
        "a symbol with its digits exchanged",
        "<doc/a/res/57/47>",
    ),
    Kind(
        "unknown-term",
        "a property misspelt",
        LETTER,
        swap('tg:venue "World', 'tg:venu "World'),
        "Did you mean tg:venue?",
    ),
    Kind(
        "unknown-term",
        "a code misspelt in RDF",
        LETTER,
        swap("tg:role role:president", "tg:role «role:presidant"),
        "Did you mean role:president?",
    ),
    Kind(
        "bad-value",
        "a month that does not exist",
        LETTER,
        swap('tg:plannedEndDate "2018-06-08"', 'tg:plannedEndDate «"2018-16-08"'),
        "01 to 12",
    ),
    Kind(
        "misnamed-document",
        "a reference misprinted",
        RESOLUTION,
        swap('dcterms:identifier "A/RES/60/80"', 'dcterms:identifier «"A/RES/60/81"'),
        "<doc/a/res/60/81>",
    ),
    Kind(
        "outside-graphs",
        "a statement in no graph",
        LETTER,
        swap(
            "\nGRAPH <../graph/provenance> {", "\n<meeting/aplc-im-2018> «tg:year 2018 .\nGRAPH <../graph/provenance> {"
        ),
        "Put it into",
    ),
    Kind(
        "missing-source",
        "a graph without its source",
        LETTER,
        elsewhere(
            swap("    dcterms:source <doc/letter/2018-04-16/aplc-im-2018> ;\n", ""),
            'a tg:Body ;\n    skos:prefLabel "Committees',
        ),
        "dcterms:source",
    ),
)

//! Numbers of tags and of element types.

/// Numbers of the tags that say how pixels are stored.
pub(crate) mod tag {
    pub(crate) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(crate) const SUBFILE_TYPE: u16 = 255;
    pub(crate) const WIDTH: u16 = 256;
    pub(crate) const HEIGHT: u16 = 257;
    pub(crate) const BITS: u16 = 258;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const PHOTOMETRIC: u16 = 262;
    pub(crate) const FILL_ORDER: u16 = 266;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const SAMPLES: u16 = 277;
    pub(crate) const ROWS_PER_STRIP: u16 = 278;
    pub(crate) const STRIP_LENGTHS: u16 = 279;
    pub(crate) const PLANAR: u16 = 284;
    pub(crate) const PREDICTOR: u16 = 317;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_HEIGHT: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_LENGTHS: u16 = 325;
    pub(crate) const EXTRA_SAMPLES: u16 = 338;
    pub(crate) const SAMPLE_FORMAT: u16 = 339;
    pub(crate) const SUBSAMPLING: u16 = 530;
    pub(crate) const PIXEL_SCALE: u16 = 33550;
    pub(crate) const TIEPOINT: u16 = 33922;
    pub(crate) const TRANSFORMATION: u16 = 34264;
    pub(crate) const GEO_KEYS: u16 = 34735;
    pub(crate) const GEO_REALS: u16 = 34736;
    pub(crate) const GEO_TEXT: u16 = 34737;
    pub(crate) const GDAL_METADATA: u16 = 42112;
    pub(crate) const GDAL_NODATA: u16 = 42113;
}

/// Numbers of the element types that are written here.
pub(crate) mod kind {
    pub(crate) const ASCII: u16 = 2;
    pub(crate) const SHORT: u16 = 3;
    pub(crate) const LONG: u16 = 4;
    pub(crate) const DOUBLE: u16 = 12;
    pub(crate) const LONG8: u16 = 16;
}

/// Tags of text, and the attributes they become.
pub(crate) const TEXTS: [(u16, &str); 10] = [
    (270, "ImageDescription"),
    (271, "Make"),
    (272, "Model"),
    (285, "PageName"),
    (305, "Software"),
    (306, "DateTime"),
    (315, "Artist"),
    (33432, "Copyright"),
    (tag::GEO_TEXT, "GeoAsciiParams"),
    (tag::GDAL_METADATA, "GDAL_METADATA"),
];

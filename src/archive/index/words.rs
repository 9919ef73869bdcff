//! Words that indexes are made of, as they stand in CBOR: where compression of an index starts from. The block stands in docs/format.md, section 2, too.

/// Rare ones first, since near ones are cheaper to point at. Never changed: archives rely on every byte.
pub(super) const WORDS: &[u8] = b"\
\x83jreferences\n\x83kinstitution\n\x83gcomment\n\x83fsource\n\x83etitle\n\x83ghistory\n\x83kvalid_range\n\x83ivalid_min\n\x83ivalid_max\n\x83dcode\n\
\x83etable\n\x83elevel\n\x83gparamId\n\x83fnumber\n\x83mmissing_value\nX!seconds since 1970-01-01 00:00:00X hours since 1900-01-01 00:00:0.0X\x1edays \
since 1800-01-01 00:00:00X'time since the initial time, at its endX\x18initial time of forecastVmember of the ensemble\x83j_FillValue\x08D\x83lscale_f\
actor\x09H\x83jadd_offset\x09H\x83mmissing_value\x08D\x83kConventions\nFCF-1.6\x83kConventions\nFCOARDS\x83kConventions\nGCF-1.11\x83qgrid_mapping_nam\
e\nRlatitude_longitude\x83qgrid_mapping_name\nHmercator\x83qgrid_mapping_name\nSpolar_stereographic\x83qgrid_mapping_name\nX\x1arotated_latitude_longi\
tude\x83qgrid_mapping_name\nWlambert_conformal_conic\x83x%straight_vertical_longitude_from_pole\x09H\x83x\x1dlatitude_of_projection_origin\x09H\x83x\
\x1dlongitude_of_central_meridian\x09H\x83qstandard_parallel\x09H\x83osemi_major_axis\x09H\x83osemi_minor_axis\x09H\x83mstandard_name\nWprojection_y_c\
oordinate\x83mstandard_name\nWprojection_x_coordinate\x83mstandard_name\nMgrid_latitude\x83mstandard_name\nNgrid_longitude\x83kcoordinates\nX\x1cstep \
time latitude longitude\x83lgrid_mapping\n\x83lcell_methods\nJtime: mean\x83eunits\nAm\x83eunits\nEm s-1\x83eunits\nGm s**-1\x83eunits\nJkg m-2 s-1\
\x83eunits\nBPa\x83eunits\nChPa\x83eunits\nA%\x83eunits\nA1\x83eunits\nAK\x83eunits\nDdegC\x83eunits\nGdegrees\x83eunits\nEhours\x83mstandard_name\nWf\
orecast_reference_time\x83mstandard_name\nOforecast_period\x83mstandard_name\nLair_pressure\x83mstandard_name\nFheight\x83mstandard_name\nEdepth\x83ms\
tandard_name\nOair_temperature\x83mstandard_name\nWsea_surface_temperature\x83mstandard_name\nX\x1eair_pressure_at_mean_sea_level\x83mstandard_name\nM\
eastward_wind\x83mstandard_name\nNnorthward_wind\x83mstandard_name\nRprecipitation_flux\x83hcalendar\nSproleptic_gregorian\x83hcalendar\nHstandard\x83\
hpositive\nDdown\x83hpositive\nBup\x83fbounds\nItime_bnds\x83ilong_name\nHLatitude\x83ilong_name\nILongitude\x83ilong_name\nDTime\x83ilong_name\nELeve\
l\x83ilong_name\n\x83daxis\nAZ\x83daxis\nAT\x83daxis\nAY\x83daxis\nAX\x83ax\x83ay\x83clon\x83clat\x83elevel\x83ilongitude\x83hlatitude\x83dtime\x83dby\
te\x83gchannel\x82bnv\x83eunits\nMdegrees_north\x83mstandard_name\nHlatitude\x83eunits\nLdegrees_east\x83mstandard_name\nIlongitude\x83eunits\nX!secon\
ds since 1970-01-01 00:00:00\x83mstandard_name\nDtime.nc\x01.grib2\x01.grib\x01.grb\x01.tif\x01.csv\x01.png\x01.tif\x01\x06\x03\x83\x82gchannel\x01\
\x82ay\x19\x01\x00\x82ax\x19\x01\x00.png\x01\x03\x03\x83\x82gchannel\x03\x82ay\x18 \x82ax\x18 \x05\x81\xa6\x00ipicture\x01\x01\x02\x83\x00\x01\x02\x01\
\n\x03\x81\x82dbyte\x19\x05\x81\xa5\x00ebytes\x01\x01\x02\x81\x00\x06\x81\xa2\x02C>\x05\xa1\x05\x1b\n\xf5\x01\x09\x02\x81\x00\x03\x82\x01\x05\x02\x83\
\x00\x01\x02\x03\x84\x06\x81\xa3\x02C\x04\x1b\x07\x82\x1ak\x05\xa7\x00\x02\x01\xfb\x02\xfb\x03\xfb\x05\x1b\x06\xfa\x07\xfa\x01\x08\x02\x83\x00\x01\x02\
\x03\x84\x06\x81\xa2\x02D\x05\xa7\x00\x01\x01\xfb\x03\xfb\x04\x19\x05\x1b\x06\xfa\x07\xfa\x08\x81\x82\xfb\x00\x00\x00\x00\x00\x00\x00\x00\x06\x81\xa3\
\x02D@\x04\x1b\x07\x82\x1ak\x05\xa6\x00\x01\x01\xfb?PbM\xd2\xf1\xa9\xfc\x03\xfb?\x05\x1b\x06\xfa\x07\xfa\x09\xf5\x09\x19\x09\x1a\x00\xa1\x00\x81\xa6\
\x00i.npy\x01\x02\x03\x82\x82edim_0\x18\x82edim_1\x18\x05\x81\xa5\x00\x01\x08\x02\x82\x00\x01\x06\x81\xa3\x02C>\
";

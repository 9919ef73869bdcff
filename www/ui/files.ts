/** Where data comes from: the file picker, a drop anywhere on the page, and the samples that ship with it. */
import blueMarble from '../../samples/blue_marble.png?url';
import seaSurfaceTemperature from '../../samples/coads_sst.nc?url';
import airTemperature from '../../samples/gfs_t2m.npy?url';
import upperAir from '../../samples/gfs_upper_air.grib2?url';
import ocean from '../../samples/levitus_ocean.nc?url';
import { byId, make } from './dom.ts';

interface Sample {
  title: string;
  fileName: string;
  url: string;
}

const SAMPLES: Sample[] = [
  { title: 'Sample: sea surface temperature (NetCDF)', fileName: 'coads_sst.nc', url: seaSurfaceTemperature },
  { title: 'Sample: 2 m temperature, GFS (NPY)', fileName: 'gfs_t2m.npy', url: airTemperature },
  { title: 'Sample: temperature and salinity of the ocean (NetCDF-4)', fileName: 'levitus_ocean.nc', url: ocean },
  { title: 'Sample: height, temperature and wind, GFS (GRIB2)', fileName: 'gfs_upper_air.grib2', url: upperAir },
  { title: 'Sample: Blue Marble, a picture (PNG)', fileName: 'blue_marble.png', url: blueMarble },
];

/** Calls `onFile` whenever a person picks something. Getting it is up to the one who opens it. */
export function watchFiles(onFile: (name: string, get: () => Promise<Blob>) => void): void {
  const picker = byId('file', HTMLInputElement);
  const select = byId('sample', HTMLSelectElement);
  const open = (file: File) => {
    select.value = '';
    onFile(file.name, async () => file);
  };
  picker.addEventListener('change', () => {
    const [file] = picker.files ?? [];
    if (file) open(file);
    picker.value = '';
  });
  watchDrops(open);

  const none = make('option', { value: '', textContent: 'Open a sample', hidden: true });
  select.append(none, ...SAMPLES.map(({ title }, i) => make('option', { value: String(i), textContent: title })));
  const openSample = () => {
    const sample = SAMPLES[Number(select.value)];
    if (sample) onFile(sample.fileName, () => download(sample.url));
  };
  select.addEventListener('change', openSample);
  select.value = '0';
  openSample();
}

/** A sample that is a series of maps: the temperature of the sea, month by month. */
export async function sampleSeries(): Promise<{ name: string; file: Blob }> {
  return { name: 'coads_sst.nc', file: await download(seaSurfaceTemperature) };
}

async function download(url: string): Promise<Blob> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the sample could not be loaded (status ${response.status}); choose a file instead`);
  return response.blob();
}

function watchDrops(open: (file: File) => void): void {
  const overlay = byId('drop', HTMLElement);
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;
  addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    overlay.hidden = false;
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) overlay.hidden = true;
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    overlay.hidden = true;
    const [file] = event.dataTransfer?.files ?? [];
    if (file) open(file);
  });
}

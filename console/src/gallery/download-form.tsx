import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { send } from '../api/client.ts';
import { asApiError, isAbort } from '../api/errors.ts';
import { Button } from '../design/button.tsx';
import { Select } from '../design/field.tsx';
import { fileNameOf } from './picture-zip.ts';
import { saveBlob } from './save-blob.ts';
import { contentPath, type DownloadForm as Form, type Picture } from './source.ts';

const formats = [
  { value: 'png', label: 'PNG' },
  { value: 'jpeg', label: 'JPEG' },
  { value: 'webp', label: 'WebP' },
  { value: 'avif', label: 'AVIF' },
] as const;
const widths = [2048, 1024, 512, 256];

type State = { is: 'idle' } | { is: 'running' } | { is: 'done' } | { is: 'failed'; message: string };

/** The bytes as they were made, or a copy in another format or a smaller size. */
export function DownloadForm(props: { id: string; image: Picture['images'][number] }): JSX.Element {
  const { id, image } = props;
  const [as, setAs] = useState('');
  const [width, setWidth] = useState('');
  const [state, setState] = useState<State>({ is: 'idle' });
  const leaving = useRef(new AbortController());
  useEffect(() => () => leaving.current.abort(), []);

  const download = async (): Promise<void> => {
    setState({ is: 'running' });
    const form: Form = {
      as: formats.find(({ value }) => value === as)?.value ?? originalOf(image, width),
      width: width === '' ? undefined : Number(width),
    };
    try {
      const { signal } = leaving.current;
      const response = await send('GET', contentPath(id, image.index, form), { signal });
      const name = fileNameOf(response) ?? `${id}_${image.index}`;
      saveBlob(await response.blob(), name);
      setState({ is: 'done' });
    } catch (thrown) {
      if (!isAbort(thrown)) setState({ is: 'failed', message: asApiError(thrown).message });
    }
  };

  return (
    <form
      class="download"
      aria-label="Download"
      onSubmit={(event) => {
        event.preventDefault();
        void download();
      }}
    >
      <Select
        label="Format"
        value={as}
        options={[{ value: '', label: `As made (${nameOf(image.mime_type)})` }, ...formats]}
        onValue={setAs}
      />
      <Select
        label="Width"
        value={width}
        options={[
          { value: '', label: `${image.width} px` },
          ...widths
            .filter((smaller) => smaller < image.width)
            .map((smaller) => ({ value: String(smaller), label: `${smaller} px` })),
        ]}
        onValue={setWidth}
      />
      <Button type="submit" icon="download" disabled={state.is === 'running'}>
        {state.is === 'running' ? 'Fetching…' : 'Download'}
      </Button>
      <p
        class={state.is === 'failed' ? 'download-note field-error' : 'download-note visually-hidden'}
        role="status"
      >
        {state.is === 'failed' ? state.message : state.is === 'done' ? 'Downloaded' : ''}
      </p>
    </form>
  );
}

/** The very file where no smaller one is wanted, also when the request had asked for another format. */
function originalOf({ mime_type: type }: Picture['images'][number], width: string): Form['as'] {
  if (width !== '') return undefined;
  return formats.find(({ value }) => type === `image/${value}`)?.value;
}

function nameOf(mimeType: string): string {
  return formats.find(({ value }) => mimeType === `image/${value}`)?.label ?? mimeType.replace('image/', '');
}

import {
  isJsonObject,
  readableText,
  type Attachment,
  type JsonObject,
  type TelegramMessage,
} from '@onceline/contracts';

/** Fields without a file that are content all the same (Bot API 10.3, `Message`). */
const WITHOUT_FILE = [
  'checklist',
  'contact',
  'dice',
  'game',
  'giveaway',
  'invoice',
  'location',
  'paid_media',
  'poll',
  'story',
  'venue',
] as const;

/** Each stands for the other, which Telegram sends beside it for older readers. */
const STANDS_FOR: Readonly<Record<string, string>> = { animation: 'document', venue: 'location' };

/**
 * What a message holds besides words, in the order of the names. A file is known by its `file_id`, not by the field, so that kinds of media
 * that are newer than this list are there too.
 */
export function attachmentsOf(message: TelegramMessage): readonly Attachment[] {
  const found = new Map<string, Attachment>();
  for (const [field, value] of Object.entries(message)) {
    const file = fileIn(value);
    if (file) found.set(field, { type: readableText(field).slice(0, 128), ...described(file) });
  }
  for (const field of WITHOUT_FILE) {
    if (message[field] !== undefined) found.set(field, { type: field, ...NO_FILE });
  }
  for (const [field, other] of Object.entries(STANDS_FOR)) if (found.has(field)) found.delete(other);
  return [...found.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
}

type File = Pick<Attachment, 'fileId' | 'fileUniqueId' | 'fileName' | 'mimeType' | 'fileSize'>;

const NO_FILE: File = { fileId: null, fileUniqueId: null, fileName: null, mimeType: null, fileSize: null };

/** Of the sizes of a photo the last is the largest. */
function fileIn(value: unknown): JsonObject | undefined {
  const candidate: unknown = Array.isArray(value) ? value.at(-1) : value;
  return isJsonObject(candidate) && typeof candidate['file_id'] === 'string' ? candidate : undefined;
}

function described(file: JsonObject): File {
  const size = file['file_size'];
  return {
    fileId: textIn(file, 'file_id'),
    fileUniqueId: textIn(file, 'file_unique_id'),
    fileName: textIn(file, 'file_name'),
    mimeType: textIn(file, 'mime_type'),
    fileSize: typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : null,
  };
}

function textIn(file: JsonObject, field: string): string | null {
  const text = file[field];
  return typeof text === 'string' ? readableText(text).slice(0, 1024) : null;
}

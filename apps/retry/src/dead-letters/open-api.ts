import { openApi, type OpenApiDocument } from '@onceline/service-kit';

/** Made from the schemas that check requests and type answers. */
export const RETRY_API: OpenApiDocument = openApi(
  { title: 'Onceline retry', version: '1', description: 'Dead letters: look, correct, redrive, discard.' },
  [],
);

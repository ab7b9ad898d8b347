import type { LinkKind } from '@onceline/contracts';

/** What a ticket has to do with another one. */
export interface Link {
  readonly ticketId: string;
  readonly kind: LinkKind;
}

/** How the other ticket says the same. */
export const INVERSE: Readonly<Record<LinkKind, LinkKind>> = {
  'relates-to': 'relates-to',
  duplicates: 'duplicated-by',
  'duplicated-by': 'duplicates',
  blocks: 'blocked-by',
  'blocked-by': 'blocks',
};

/** Two tickets have one link, at most: a new one takes the place of the old one. In the order of ids. */
export function withLink(links: readonly Link[], link: Link): readonly Link[] {
  return [...withoutLink(links, link.ticketId), link].sort((a, b) => (a.ticketId < b.ticketId ? -1 : 1));
}

export function withoutLink(links: readonly Link[], ticketId: string): readonly Link[] {
  return links.filter((link) => link.ticketId !== ticketId);
}

/** Names of layers as C knows them: letters, digits and underscores, each with the number of its operation in front. */

export const layerName = (name: string, at: number): string =>
  `op${at + 1}_${name.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '')}`;

/** Whether it can begin the names that a program shows to others. */
export const isPrefix = (text: string): boolean => /^[a-z][a-z0-9_]{0,40}$/.test(text);

/** Text that can stand in a comment: nothing in it ends one, begins one, or is a trigraph. */
export const inComment = (text: string): string => text.replace(/[^\w .,:;@+()[\]{}<>=|%/-]/g, '_');

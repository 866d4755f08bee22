/** The version of this program; package.json must say the same (version.test.ts). */
export const version = '0.1.0';

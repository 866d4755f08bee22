/** The words that stand around the numbers, in both languages, with the forms that the sentences need. */
import { englishCardinal } from './english.ts';
import { type Case, type Gender, germanCardinal, germanOne } from './german.ts';

export interface Noun {
  readonly english: readonly [one: string, many: string];
  readonly gender: Gender;
  readonly german: readonly [one: string, many: string, dativeMany: string];
}

const noun = (
  one: string,
  many: string,
  gender: Gender,
  ...german: readonly [one: string, many: string, dativeMany: string]
): Noun => ({ english: [one, many], gender, german });

export const NOUNS: readonly Noun[] = [
  noun('dog', 'dogs', 'm', 'Hund', 'Hunde', 'Hunden'),
  noun('table', 'tables', 'm', 'Tisch', 'Tische', 'Tischen'),
  noun('apple', 'apples', 'm', 'Apfel', 'Äpfel', 'Äpfeln'),
  noun('chair', 'chairs', 'm', 'Stuhl', 'Stühle', 'Stühlen'),
  noun('tree', 'trees', 'm', 'Baum', 'Bäume', 'Bäumen'),
  noun('letter', 'letters', 'm', 'Brief', 'Briefe', 'Briefen'),
  noun('cat', 'cats', 'f', 'Katze', 'Katzen', 'Katzen'),
  noun('lamp', 'lamps', 'f', 'Lampe', 'Lampen', 'Lampen'),
  noun('flower', 'flowers', 'f', 'Blume', 'Blumen', 'Blumen'),
  noun('bottle', 'bottles', 'f', 'Flasche', 'Flaschen', 'Flaschen'),
  noun('watch', 'watches', 'f', 'Uhr', 'Uhren', 'Uhren'),
  noun('book', 'books', 'n', 'Buch', 'Bücher', 'Büchern'),
  noun('house', 'houses', 'n', 'Haus', 'Häuser', 'Häusern'),
  noun('picture', 'pictures', 'n', 'Bild', 'Bilder', 'Bildern'),
  noun('bicycle', 'bicycles', 'n', 'Fahrrad', 'Fahrräder', 'Fahrrädern'),
];

/** one dog, three dogs */
export function englishCount(n: number, { english }: Noun): string {
  return n === 1 ? `one ${english[0]}` : `${englishCardinal(n)} ${english[1]}`;
}

/** einen Hund, drei Hunde, drei Hunden. `n`: not 101 and the like, of which no one form is right. */
export function germanCount(n: number, { gender, german }: Noun, form: Case): string {
  if (n === 1) return `${germanOne(gender, form)} ${german[0]}`;
  return `${germanCardinal(n)} ${form === 'dative' ? german[2] : german[1]}`;
}

/** Who does something. `person` chooses the form of the verb. */
export interface Subject {
  readonly english: string;
  readonly german: string;
  readonly person: 'first' | 'third' | 'plural';
}

export const SUBJECTS: readonly Subject[] = [
  { english: 'I', german: 'ich', person: 'first' },
  { english: 'he', german: 'er', person: 'third' },
  { english: 'she', german: 'sie', person: 'third' },
  { english: 'Anna', german: 'Anna', person: 'third' },
  { english: 'Peter', german: 'Peter', person: 'third' },
  { english: 'we', german: 'wir', person: 'plural' },
  { english: 'they', german: 'sie', person: 'plural' },
];

export interface Verb {
  /** see, sees, saw */
  readonly english: readonly [plain: string, third: string, past: string];
  /** sehe, sieht, sehen (also the infinitive), gesehen */
  readonly german: readonly [first: string, third: string, plural: string, participle: string];
}

const verb = (english: Verb['english'], german: Verb['german']): Verb => ({ english, german });

/** Verbs whose perfect is made with haben. */
export const VERBS: readonly Verb[] = [
  verb(['buy', 'buys', 'bought'], ['kaufe', 'kauft', 'kaufen', 'gekauft']),
  verb(['see', 'sees', 'saw'], ['sehe', 'sieht', 'sehen', 'gesehen']),
  verb(['find', 'finds', 'found'], ['finde', 'findet', 'finden', 'gefunden']),
  verb(['need', 'needs', 'needed'], ['brauche', 'braucht', 'brauchen', 'gebraucht']),
  verb(['count', 'counts', 'counted'], ['zähle', 'zählt', 'zählen', 'gezählt']),
  verb(['draw', 'draws', 'drew'], ['zeichne', 'zeichnet', 'zeichnen', 'gezeichnet']),
];
export const KNOW = verb(['know', 'knows', 'knew'], ['weiß', 'weiß', 'wissen', 'gewusst']);
export const LIVE = verb(['live', 'lives', 'lived'], ['wohne', 'wohnt', 'wohnen', 'gewohnt']);
export const SPEAK = verb(['speak', 'speaks', 'spoke'], ['spreche', 'spricht', 'sprechen', 'gesprochen']);
export const HAVE = verb(['have', 'has', 'had'], ['habe', 'hat', 'haben', 'gehabt']);
export const BE = verb(['are', 'is', 'was'], ['bin', 'ist', 'sind', 'gewesen']);
export const BECOME = verb(['become', 'becomes', 'became'], ['werde', 'wird', 'werden', 'geworden']);

export function englishPresent({ english }: Verb, { person }: Subject): string {
  return person === 'third' ? english[1] : english[0];
}

export function germanPresent({ german }: Verb, { person }: Subject): string {
  return german[person === 'first' ? 0 : person === 'third' ? 1 : 2];
}

/** Somebody's age or birth: am is the one form that `BE` does not hold. */
export function englishIs(subject: Subject): string {
  return subject.person === 'first' ? 'am' : englishPresent(BE, subject);
}

export interface Currency {
  readonly english: readonly [one: string, many: string, cent: string, cents: string];
  /** Masculine, and the same in the plural. */
  readonly german: readonly [unit: string, cent: string];
}

export const CURRENCIES: readonly Currency[] = [
  { english: ['euro', 'euros', 'cent', 'cents'], german: ['Euro', 'Cent'] },
  { english: ['dollar', 'dollars', 'cent', 'cents'], german: ['Dollar', 'Cent'] },
  { english: ['franc', 'francs', 'centime', 'centimes'], german: ['Franken', 'Rappen'] },
];

/** What happens at a time: `arrives`; in German the verb, what is parted from it, and both at the end of a clause. */
export interface Event {
  readonly english: readonly [subject: string, verb: string];
  readonly german: readonly [subject: string, verb: string, parted: string, whole: string];
}

export const EVENTS: readonly Event[] = [
  { english: ['the train', 'arrives'], german: ['der Zug', 'kommt', ' an', 'ankommt'] },
  { english: ['the bus', 'leaves'], german: ['der Bus', 'fährt', ' ab', 'abfährt'] },
  { english: ['the film', 'begins'], german: ['der Film', 'beginnt', '', 'beginnt'] },
  { english: ['the lesson', 'ends'], german: ['die Stunde', 'endet', '', 'endet'] },
  { english: ['the shop', 'opens'], german: ['das Geschäft', 'macht', ' auf', 'aufmacht'] },
  { english: ['the museum', 'closes'], german: ['das Museum', 'macht', ' zu', 'zumacht'] },
];

/** `hours`: first and last on a twelve-hour clock. */
export const PARTS_OF_DAY = [
  { english: 'in the morning', german: 'morgens', hours: [5, 11] },
  { english: 'in the afternoon', german: 'nachmittags', hours: [1, 5] },
  { english: 'in the evening', german: 'abends', hours: [6, 10] },
] as const;

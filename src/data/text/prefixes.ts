/**
 * Words whose full stop belongs to them, by language: a short list of what Moses calls non-breaking prefixes. The
 * second list counts only before a number (`No. 5`).
 */
export interface Prefixes {
  readonly always: ReadonlySet<string>;
  readonly beforeNumbers: ReadonlySet<string>;
}

const LETTERS = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
const words = (text: string): string[] => text.split(' ');

const ENGLISH: Prefixes = {
  always: new Set([
    ...LETTERS,
    ...words(
      'Adj Adm Adv Asst Bart Bldg Brig Bros Capt Cmdr Col Comdr Con Corp Cpl DR Dr Drs Ens Gen Gov Hon Hr',
    ),
    ...words(
      'Hosp Insp Lt MM MR MRS MS Maj Messrs Mlle Mme Mr Mrs Ms Msgr Op Ord Pfc Ph Prof Pvt Rep Reps Res Rev',
    ),
    ...words(
      'Rt Sen Sens Sfc Sgt Sr St Supt Surg v vs i.e rev e.g Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec',
    ),
  ]),
  beforeNumbers: new Set(words('No Nos Art Nr pp')),
};

const GERMAN: Prefixes = {
  always: new Set([
    ...LETTERS,
    ...LETTERS.map((letter) => letter.toLowerCase()),
    ...words('I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX'),
    // 1. is first
    ...Array.from({ length: 99 }, (_, i) => String(i + 1)),
    ...words(
      'Dr Prof Hr Fr Frl St Nr Mio Mrd Tsd bzw ca evtl ggf inkl usw usf vgl vs zzgl sog max min Abs Art Bd',
    ),
    ...words(
      'Bspw bspw d.h z.B u.a o.ä u.U z.T i.d.R etc geb gest Hrsg Jan Feb Apr Aug Sep Sept Okt Nov Dez',
    ),
  ]),
  beforeNumbers: new Set(),
};

const FRENCH: Prefixes = {
  always: new Set([
    ...LETTERS,
    ...LETTERS.map((letter) => letter.toLowerCase()),
    ...words('adj adm adv art av apr bd bibl boul bull cf ch chap col coll d.C dir éd env ex ext fig hab'),
    ...words('inf ital lat ms obs op p pp pl préf prov rem s.g sq sqq suiv sup suppl tab trad vol vs zool'),
    ...words('M MM Mr Mme Mmes Mlle Mlles Me Mgr Dr Pr St Ste etc janv févr avr juil sept oct nov déc'),
  ]),
  beforeNumbers: new Set(words('no nos n° art')),
};

const NONE: Prefixes = { always: new Set(LETTERS), beforeNumbers: new Set() };

const BY_LANGUAGE = new Map([
  ['en', ENGLISH],
  ['de', GERMAN],
  ['fr', FRENCH],
]);

/** Single capitals only for a language that has no list. */
export function prefixesOf(language: string): Prefixes {
  return BY_LANGUAGE.get(language) ?? NONE;
}

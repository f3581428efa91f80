"""The words that tell how music sounds, and how much of a sentence is about that."""

from __future__ import annotations

import re

_THINGS = """
accordion acoustics arpeggio arrangement atmosphere backbeat ballad banjo bass bassline bassist beat beats bell bells
bleep blip bongo brass breakbeat breakdown bridge buzz cadence cello chant chime choir chord chords chorus clap clarinet
clavinet coda conga cowbell crackle crescendo croon cymbal delay dissonance distortion drone drum drummer drumming drums
echo effect falsetto feedback fiddle flute fuzz gallop glitch glockenspiel groove growl guitar guitarist guitars hand-clap
handclap handclaps harmonica harmonies harmony harp harpsichord hi-hat hi-hats hiss hook hooks horn horns hum
instrumental instrumentation interlude intro jam jangle keyboard keyboards keys kick lick loop loops mandolin marimba
melodies melody metronome mix noise note notes orchestra orchestration organ outro pedal percussion percussionist
piano pianist pluck production pulse rap rattle refrain reverb rhythm rhythms riff riffs sample samples saxophone sax
scream shimmer shout shuffle sigh sitar sizzle snare solo solos sonics sound sounds soundscape static strings strum sub-bass
swing synth synthesizer synthesizers synthline synths tambourine tempo texture textures thud thump timbre tone tones
track trombone trumpet tune tuba twang ukulele verse verses vibraphone vibrato viola violin vocal vocalist vocals voice
voices wail whisper whistle wobble yelp
"""
_QUALITIES = """
acoustic aching airy ambient anthemic atmospheric austere bassy bluesy booming bouncy bouncing breathy bright brittle brooding
bubbling buzzing catchy chiming chugging clanging clattering cinematic crisp crunchy dark dense distorted downtempo
dreamy driving droning echoing eerie electronic ethereal explosive fast-paced floating frantic fuzzy gentle ghostly
glacial glimmering glistening glitchy glossy gorgeous gravelly gritty growling hazy haunting hazy heavy hushed
hypnotic icy infectious insistent intricate jagged jangling jangly jazzy jittery lazy lilting loud lush mellow
melancholy melodic metallic minimal minor-key moody murky muffled muscular muted mournful orchestral ornate percussive
pitch-shifted plaintive plangent plucked pounding propulsive psychedelic pulsating pulsing quiet raspy raucous reverberating
rhythmic ringing rolling rousing rumbling scuzzy searing serene shimmering shuffling silky skeletal skittering
slinky slow-burning sludgy smoky smooth soaring soft soothing sparkling sparse spacious spectral stately staccato
steady strummed stuttering subdued sultry sung swaggering swelling swirling swooning syncopated synthetic tender tense
thick throbbing thudding thumping thundering tinkling trembling twangy twinkling twitchy upbeat uptempo urgent velvety
vibrant warbling warm warped weightless whispered wistful woozy yearning
"""
SOUND_WORDS = frozenset((_THINGS + _QUALITIES).split())
_WORD = re.compile(r"[a-z][a-z'&-]*")


def sound_words(text: str) -> int:
    """How many different words of a text tell of its sound."""
    return len(SOUND_WORDS.intersection(_WORD.findall(text.lower())))


def descriptiveness(text: str) -> float:
    """How much a sentence says about sound, 0 (nothing) to 1 (four different words of sound or more)."""
    return min(1.0, sound_words(text) / 4)

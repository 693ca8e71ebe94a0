<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
  <context>
    <name>roofgeo</name>
    <message>
      <source>roofgeo is not installed yet. Open Settings &gt; Options &gt; roofgeo and press Install.</source>
      <translation>roofgeo ist noch nicht installiert. Einstellungen &gt; Optionen &gt; roofgeo öffnen und „Installieren“ drücken.</translation>
    </message>
    <message>
      <source>Find roofs</source>
      <translation>Dächer finden</translation>
    </message>
    <message>
      <source>Roof segments, roof lines and buildings from an orthophoto</source>
      <translation>Dachflächen, Dachlinien und Gebäude aus einem Orthofoto</translation>
    </message>
    <message>
      <source>Finds the roofs on an orthophoto of 0.05 to 0.3 m per pixel: each roof segment with its azimuth and area, each ridge, hip, valley, eave and rake with its length, each building.

Without an area the whole layer is taken. Of a web layer (XYZ, WMS) the area is saved as a picture first: its provider's terms apply.

Buildings that touch the area come whole, unless they are to be cut. All is written into one GeoPackage, with its styles.</source>
      <translation>Findet die Dächer auf einem Orthofoto mit 0,05 bis 0,3 m pro Pixel: jede Dachfläche mit Azimut und Fläche, jeden First, jeden Grat, jede Kehle, jede Traufe und jeden Ortgang mit Länge, jedes Gebäude.

Ohne Gebiet wird der ganze Layer genommen. Von einem Web-Layer (XYZ, WMS) wird das Gebiet zuerst als Bild gespeichert: Es gelten die Bedingungen des Anbieters.

Gebäude, die das Gebiet berühren, bleiben ganz, außer sie sollen abgeschnitten werden. Alles wird in ein GeoPackage geschrieben, mit den Stilen.</translation>
    </message>
    <message>
      <source>roof</source>
      <translation>Dach</translation>
    </message>
    <message>
      <source>solar</source>
      <translation>Solar</translation>
    </message>
    <message>
      <source>building</source>
      <translation>Gebäude</translation>
    </message>
    <message>
      <source>azimuth</source>
      <translation>Azimut</translation>
    </message>
    <message>
      <source>ridge</source>
      <translation>First</translation>
    </message>
    <message>
      <source>orthophoto</source>
      <translation>Orthofoto</translation>
    </message>
    <message>
      <source>Number of roof segments</source>
      <translation>Anzahl der Dachflächen</translation>
    </message>
    <message>
      <source>Number of roof lines</source>
      <translation>Anzahl der Dachlinien</translation>
    </message>
    <message>
      <source>Number of buildings</source>
      <translation>Anzahl der Gebäude</translation>
    </message>
    <message>
      <source>Give either a raster layer or a folder of tiles.</source>
      <translation>Entweder einen Rasterlayer oder einen Ordner mit Bildkacheln angeben.</translation>
    </message>
    <message>
      <source>Give either area polygons or a rectangle, not both.</source>
      <translation>Entweder Polygone für das Gebiet oder ein Rechteck angeben, nicht beides.</translation>
    </message>
    <message>
      <source>The run was not prepared.</source>
      <translation>Der Lauf wurde nicht vorbereitet.</translation>
    </message>
    <message>
      <source>Writing the layers</source>
      <translation>Layer werden geschrieben</translation>
    </message>
    <message>
      <source>Finding roofs</source>
      <translation>Dächer werden gesucht</translation>
    </message>
    <message>
      <source>{segments} roof segments, {lines} roof lines, {buildings} buildings</source>
      <translation>{segments} Dachflächen, {lines} Dachlinien, {buildings} Gebäude</translation>
    </message>
    <message>
      <source>Roofs of {name}</source>
      <translation>Dächer von {name}</translation>
    </message>
    <message>
      <source>{old} is in use: the roofs are in {new}.</source>
      <translation>{old} wird gerade verwendet: Die Dächer sind in {new}.</translation>
    </message>
    <message>
      <source>{folder} cannot be written: {reason}. Choose another place for the output.</source>
      <translation>{folder} ist nicht beschreibbar: {reason}. Einen anderen Ort für die Ausgabe wählen.</translation>
    </message>
    <message>
      <source>{layer} holds edits that are not saved. Save or drop them, or choose another output.</source>
      <translation>{layer} hat nicht gespeicherte Änderungen. Diese speichern oder verwerfen oder eine andere Ausgabe wählen.</translation>
    </message>
    <message>
      <source>The area has no coordinate reference system. Set the CRS of its layer, or of the project.</source>
      <translation>Das Gebiet hat kein Koordinatenbezugssystem. Das KBS seines Layers oder des Projekts setzen.</translation>
    </message>
    <message>
      <source>The rectangle is empty. Draw it on the map, or take the current view.</source>
      <translation>Das Rechteck ist leer. Auf der Karte zeichnen oder den aktuellen Kartenausschnitt nehmen.</translation>
    </message>
    <message>
      <source>The area layer {name} has no polygons. Is a feature selected?</source>
      <translation>Der Gebietslayer {name} hat keine Polygone. Ist ein Objekt gewählt?</translation>
    </message>
    <message>
      <source>The area cannot be written: {message}</source>
      <translation>Das Gebiet kann nicht geschrieben werden: {message}</translation>
    </message>
    <message>
      <source>Current view of the map</source>
      <translation>Aktueller Kartenausschnitt</translation>
    </message>
    <message>
      <source>Rectangle on the map</source>
      <translation>Rechteck auf der Karte</translation>
    </message>
    <message>
      <source>Polygons of a layer</source>
      <translation>Polygone eines Layers</translation>
    </message>
    <message>
      <source>Whole picture</source>
      <translation>Ganzes Bild</translation>
    </message>
    <message>
      <source>There is no polygon layer in the project. Choose another area.</source>
      <translation>Im Projekt ist kein Polygonlayer. Ein anderes Gebiet wählen.</translation>
    </message>
    <message>
      <source>Draw a rectangle on the map first.</source>
      <translation>Zuerst ein Rechteck auf der Karte zeichnen.</translation>
    </message>
    <message>
      <source>only the selected ({number})</source>
      <translation>nur gewählte ({number})</translation>
    </message>
    <message>
      <source>No feature of {layer} is selected.</source>
      <translation>In {layer} ist kein Objekt gewählt.</translation>
    </message>
    <message>
      <source>Something unexpected went wrong.</source>
      <translation>Etwas Unerwartetes ist schiefgegangen.</translation>
    </message>
    <message>
      <source>QGIS's Python messages tell more.</source>
      <translation>Mehr steht in den Python-Meldungen von QGIS.</translation>
    </message>
    <message>
      <source>This roofgeo is too old: open Settings &gt; Options &gt; roofgeo and press Install or Upgrade, or choose another command there.</source>
      <translation>Dieses roofgeo ist zu alt: Einstellungen &gt; Optionen &gt; roofgeo öffnen und „Installieren“ oder „Aktualisieren“ drücken oder dort einen anderen Befehl wählen.</translation>
    </message>
    <message>
      <source>The log has all it said.</source>
      <translation>Im Protokoll steht die ganze Ausgabe.</translation>
    </message>
    <message>
      <source>roofgeo ended without a result</source>
      <translation>roofgeo endete ohne Ergebnis</translation>
    </message>
    <message>
      <source>The log tells what it said instead. Is this the roofgeo command?</source>
      <translation>Im Protokoll steht, was stattdessen ausgegeben wurde. Ist das der Befehl roofgeo?</translation>
    </message>
    <message>
      <source>a few seconds left</source>
      <translation>noch wenige Sekunden</translation>
    </message>
    <message>
      <source>about {hours} h {minutes} min left</source>
      <translation>noch etwa {hours} h {minutes} min</translation>
    </message>
    <message>
      <source>about {hours} h left</source>
      <translation>noch etwa {hours} h</translation>
    </message>
    <message>
      <source>Most often the memory was used up: close other programs, or take a smaller area.</source>
      <translation>Meist war der Arbeitsspeicher erschöpft: andere Programme schließen oder ein kleineres Gebiet nehmen.</translation>
    </message>
    <message>
      <source>roofgeo failed without saying why</source>
      <translation>roofgeo ist ohne Begründung fehlgeschlagen</translation>
    </message>
    <message>
      <source>roofgeo failed with exit code {code}</source>
      <translation>roofgeo ist mit Exit-Code {code} fehlgeschlagen</translation>
    </message>
    <message>
      <source>roofgeo was ended by {signal}</source>
      <translation>roofgeo wurde durch {signal} beendet</translation>
    </message>
    <message>
      <source>about {seconds} s left</source>
      <translation>noch etwa {seconds} s</translation>
    </message>
    <message>
      <source>about {minutes} min left</source>
      <translation>noch etwa {minutes} min</translation>
    </message>
    <message>
      <source>Layer {name} is being edited: QGIS filters it again when its edits are saved or dropped.</source>
      <translation>Layer {name} wird bearbeitet: QGIS filtert ihn wieder, wenn die Änderungen gespeichert oder verworfen sind.</translation>
    </message>
    <message>
      <source>The filter of layer {name} is a whole query, to which nothing can be added.</source>
      <translation>Der Filter von Layer {name} ist eine ganze Abfrage, der nichts hinzugefügt werden kann.</translation>
    </message>
    <message>
      <source>Layer {name} does not take the change.</source>
      <translation>Layer {name} nimmt die Änderung nicht an.</translation>
    </message>
    <message>
      <source>Layer {name} cannot be written: save a copy of it where you may write, and review that.</source>
      <translation>Layer {name} ist nicht beschreibbar: an einem beschreibbaren Ort eine Kopie speichern und diese prüfen.</translation>
    </message>
    <message>
      <source>The decision could not be written, nothing has changed: {reason}</source>
      <translation>Die Entscheidung konnte nicht geschrieben werden, nichts wurde geändert: {reason}</translation>
    </message>
    <message>
      <source>unknown reason</source>
      <translation>unbekannter Grund</translation>
    </message>
    <message>
      <source>Close what has the file open, or choose another output.</source>
      <translation>Schließen, was die Datei geöffnet hat, oder eine andere Ausgabe wählen.</translation>
    </message>
    <message>
      <source>{path} cannot be written: {reason}</source>
      <translation>{path} kann nicht geschrieben werden: {reason}</translation>
    </message>
    <message>
      <source>Asking roofgeo for its models</source>
      <translation>roofgeo nach seinen Modellen fragen</translation>
    </message>
    <message>
      <source>Looking at the picture and the area</source>
      <translation>Bild und Gebiet werden angesehen</translation>
    </message>
    <message>
      <source>Save the roofs as</source>
      <translation>Dächer speichern unter</translation>
    </message>
    <message>
      <source>a temporary file</source>
      <translation>temporäre Datei</translation>
    </message>
    <message>
      <source>Orthophoto</source>
      <translation>Orthofoto</translation>
    </message>
    <message>
      <source>Area</source>
      <translation>Gebiet</translation>
    </message>
    <message>
      <source>Minimum confidence</source>
      <translation>Mindestsicherheit</translation>
    </message>
    <message>
      <source>Save as</source>
      <translation>Speichern unter</translation>
    </message>
    <message>
      <source>Buildings less certain than this are left out. They can also be hidden later.</source>
      <translation>Gebäude mit geringerer Sicherheit werden weggelassen. Sie lassen sich auch später ausblenden.</translation>
    </message>
    <message>
      <source>Cancelled.</source>
      <translation>Abgebrochen.</translation>
    </message>
    <message>
      <source>Choose an orthophoto: add one to the project, or press … beside the list.</source>
      <translation>Ein Orthofoto wählen: eines zum Projekt hinzufügen oder … neben der Liste drücken.</translation>
    </message>
    <message>
      <source>Cancelling</source>
      <translation>Wird abgebrochen</translation>
    </message>
    <message>
      <source>Starting</source>
      <translation>Wird gestartet</translation>
    </message>
    <message>
      <source>Choose another command in the settings.</source>
      <translation>In den Einstellungen einen anderen Befehl wählen.</translation>
    </message>
    <message>
      <source>Start it once in a terminal, or choose another command in the settings.</source>
      <translation>Einmal in einem Terminal starten oder in den Einstellungen einen anderen Befehl wählen.</translation>
    </message>
    <message>
      <source>{command} answers, but is too old: {version}</source>
      <translation>{command} antwortet, ist aber zu alt: {version}</translation>
    </message>
    <message>
      <source>{command} answers, but is not roofgeo</source>
      <translation>{command} antwortet, ist aber nicht roofgeo</translation>
    </message>
    <message>
      <source>{command} did not answer within {seconds} s</source>
      <translation>{command} hat nicht innerhalb von {seconds} s geantwortet</translation>
    </message>
    <message>
      <source>The layer's picture of the area cannot be saved as a file.</source>
      <translation>Das Bild des Layers vom Gebiet kann nicht als Datei gespeichert werden.</translation>
    </message>
    <message>
      <source>{layer} covers the world. Choose an area: the current view, a rectangle or polygons.</source>
      <translation>{layer} umfasst die ganze Welt. Ein Gebiet wählen: den aktuellen Kartenausschnitt, ein Rechteck oder Polygone.</translation>
    </message>
    <message>
      <source>The area lies outside {layer}.</source>
      <translation>Das Gebiet liegt außerhalb von {layer}.</translation>
    </message>
    <message>
      <source>The area is too large to be fetched from {layer}. Choose one of a few kilometres, or zoom in.</source>
      <translation>Das Gebiet ist zu groß, um es von {layer} zu holen. Eines von wenigen Kilometern wählen oder hineinzoomen.</translation>
    </message>
    <message>
      <source>A picture that is not in the project</source>
      <translation>Ein Bild, das nicht im Projekt ist</translation>
    </message>
    <message>
      <source>Choose an orthophoto</source>
      <translation>Orthofoto wählen</translation>
    </message>
    <message>
      <source>Pictures</source>
      <translation>Bilder</translation>
    </message>
    <message>
      <source>All files</source>
      <translation>Alle Dateien</translation>
    </message>
    <message>
      <source>Choose a folder of tiles</source>
      <translation>Ordner mit Bildkacheln wählen</translation>
    </message>
    <message>
      <source>File…</source>
      <translation>Datei…</translation>
    </message>
    <message>
      <source>Folder of tiles…</source>
      <translation>Ordner mit Bildkacheln…</translation>
    </message>
    <message>
      <source>Install</source>
      <translation>Installieren</translation>
    </message>
    <message>
      <source>roofgeo goes into a folder of its own; QGIS stays as it is. It takes a few minutes, the internet, and a Python of 3.11 or newer on this computer.</source>
      <translation>roofgeo kommt in einen eigenen Ordner; QGIS bleibt, wie es ist. Nötig sind ein paar Minuten, Internet und ein Python ab 3.11 auf diesem Rechner.</translation>
    </message>
    <message>
      <source>Choose the package to install</source>
      <translation>Zu installierendes Paket wählen</translation>
    </message>
    <message>
      <source>the package index; or a file, or an address</source>
      <translation>der Paketindex; oder eine Datei oder eine Adresse</translation>
    </message>
    <message>
      <source>the usual one; or an address</source>
      <translation>der übliche; oder eine Adresse</translation>
    </message>
    <message>
      <source>Install from</source>
      <translation>Installieren aus</translation>
    </message>
    <message>
      <source>Package index</source>
      <translation>Paketindex</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>Abbrechen</translation>
    </message>
    <message>
      <source>Log</source>
      <translation>Protokoll</translation>
    </message>
    <message>
      <source>Installing roofgeo</source>
      <translation>roofgeo installieren</translation>
    </message>
    <message>
      <source>Upgrade</source>
      <translation>Aktualisieren</translation>
    </message>
    <message>
      <source>Installing …</source>
      <translation>Installation läuft …</translation>
    </message>
    <message>
      <source>Cancelled. Everything is as it was before.</source>
      <translation>Abgebrochen. Alles ist wie zuvor.</translation>
    </message>
    <message>
      <source>Packages</source>
      <translation>Pakete</translation>
    </message>
    <message>
      <source>Give the path of a wheel, an address, a requirement such as roofgeo==0.2, or nothing.</source>
      <translation>Den Pfad einer Wheel-Datei, eine Adresse, eine Anforderung wie roofgeo==0.2 oder nichts angeben.</translation>
    </message>
    <message>
      <source>Give an address such as https://example.org/simple, or nothing for the usual index.</source>
      <translation>Eine Adresse wie https://example.org/simple angeben, oder nichts für den üblichen Index.</translation>
    </message>
    <message>
      <source>Looking for Python</source>
      <translation>Python wird gesucht</translation>
    </message>
    <message>
      <source>The log has all it said. On Debian and Ubuntu: sudo apt install python3-venv</source>
      <translation>Im Protokoll steht die ganze Ausgabe. Unter Debian und Ubuntu: sudo apt install python3-venv</translation>
    </message>
    <message>
      <source>what was installed has no roofgeo command</source>
      <translation>Das Installierte hat keinen Befehl roofgeo</translation>
    </message>
    <message>
      <source>Is this the right package? Look at what to install from in the settings.</source>
      <translation>Ist das das richtige Paket? In den Einstellungen „Installieren aus“ ansehen.</translation>
    </message>
    <message>
      <source>Making an environment</source>
      <translation>Umgebung wird erstellt</translation>
    </message>
    <message>
      <source>Starting roofgeo</source>
      <translation>roofgeo wird gestartet</translation>
    </message>
    <message>
      <source>cannot install from {source}: no such file, and neither an address nor a requirement</source>
      <translation>Installieren aus {source} nicht möglich: keine vorhandene Datei, weder Adresse noch Anforderung</translation>
    </message>
    <message>
      <source>{index} is no package index</source>
      <translation>{index} ist kein Paketindex</translation>
    </message>
    <message>
      <source>Is the disk full, or is roofgeo being installed by another QGIS?</source>
      <translation>Ist die Festplatte voll, oder installiert gerade ein anderes QGIS roofgeo?</translation>
    </message>
    <message>
      <source>Is the disk full?</source>
      <translation>Ist die Festplatte voll?</translation>
    </message>
    <message>
      <source>roofgeo {version} is installed</source>
      <translation>roofgeo {version} ist installiert</translation>
    </message>
    <message>
      <source>{python} could not make an environment: {reason}</source>
      <translation>{python} konnte keine Umgebung erstellen: {reason}</translation>
    </message>
    <message>
      <source>{folder} cannot be made: {reason}</source>
      <translation>{folder} kann nicht angelegt werden: {reason}</translation>
    </message>
    <message>
      <source>{file} cannot be written: {reason}</source>
      <translation>{file} kann nicht geschrieben werden: {reason}</translation>
    </message>
    <message>
      <source>{segments} segments are in {path}; {buildings} buildings are known as a whole.</source>
      <translation>{segments} Dachflächen sind in {path}; {buildings} Gebäude sind als Ganzes bekannt.</translation>
    </message>
    <message>
      <source>Export labels</source>
      <translation>Labels exportieren</translation>
    </message>
    <message>
      <source>GeoPackage (*.gpkg)</source>
      <translation>GeoPackage (*.gpkg)</translation>
    </message>
    <message>
      <source>Exporting labels</source>
      <translation>Labels exportieren</translation>
    </message>
    <message>
      <source>No segment is accepted yet: there is nothing to export.</source>
      <translation>Noch keine Dachfläche ist angenommen: Es gibt nichts zu exportieren.</translation>
    </message>
    <message>
      <source>The labels cannot replace the result they come from: choose another name.</source>
      <translation>Die Labels können das Ergebnis, aus dem sie stammen, nicht ersetzen: einen anderen Namen wählen.</translation>
    </message>
    <message>
      <source>Layer {name} has edits that are not saved: save them first.</source>
      <translation>Layer {name} hat nicht gespeicherte Änderungen: zuerst speichern.</translation>
    </message>
    <message>
      <source>Settings…</source>
      <translation>Einstellungen…</translation>
    </message>
    <message>
      <source>roofgeo is not installed yet. It takes one button and a few minutes.</source>
      <translation>roofgeo ist noch nicht installiert. Ein Knopfdruck und ein paar Minuten genügen.</translation>
    </message>
    <message>
      <source>Install…</source>
      <translation>Installieren…</translation>
    </message>
    <message>
      <source>There is no roofgeo at {path}.</source>
      <translation>Unter {path} ist kein roofgeo.</translation>
    </message>
    <message>
      <source>Version {version}, made for {size} m per pixel, licence {licence}</source>
      <translation>Version {version}, gemacht für {size} m pro Pixel, Lizenz {licence}</translation>
    </message>
    <message>
      <source>as the model says</source>
      <translation>laut Modell</translation>
    </message>
    <message>
      <source>More</source>
      <translation>Mehr</translation>
    </message>
    <message>
      <source>the usual one</source>
      <translation>Standardmodell</translation>
    </message>
    <message>
      <source>A name from the list, or the path of a folder with a model of your own</source>
      <translation>Ein Name aus der Liste oder der Pfad eines Ordners mit einem eigenen Modell</translation>
    </message>
    <message>
      <source>The network sees the picture in squares of this side</source>
      <translation>Das Netz sieht das Bild in Quadraten dieser Seitenlänge</translation>
    </message>
    <message>
      <source>So much of a square is seen by its neighbour too</source>
      <translation>So viel eines Quadrats sieht auch sein Nachbar</translation>
    </message>
    <message>
      <source>Rasters of segments, lines and confidence</source>
      <translation>Raster von Dachflächen, Dachlinien und Sicherheit</translation>
    </message>
    <message>
      <source>Cut buildings at the edge of the area</source>
      <translation>Gebäude am Rand des Gebiets abschneiden</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>Modell</translation>
    </message>
    <message>
      <source>Tile</source>
      <translation>Kachel</translation>
    </message>
    <message>
      <source>Write also</source>
      <translation>Auch schreiben</translation>
    </message>
    <message>
      <source>Overlap</source>
      <translation>Überlappung</translation>
    </message>
    <message>
      <source>No roofs were found. Is the picture an orthophoto of 0.05 to 0.3 m per pixel?</source>
      <translation>Es wurden keine Dächer gefunden. Ist das Bild ein Orthofoto mit 0,05 bis 0,3 m pro Pixel?</translation>
    </message>
    <message>
      <source>Review…</source>
      <translation>Prüfen…</translation>
    </message>
    <message>
      <source>{segments} roof segments, {lines} roof lines, {buildings} buildings.</source>
      <translation>{segments} Dachflächen, {lines} Dachlinien, {buildings} Gebäude.</translation>
    </message>
    <message>
      <source>Something does not work? This makes a report and copies it, for you to send.</source>
      <translation>Etwas funktioniert nicht? Das erstellt einen Bericht und kopiert ihn zum Versenden.</translation>
    </message>
    <message>
      <source>at the path below</source>
      <translation>unter dem Pfad unten</translation>
    </message>
    <message>
      <source>where this page installs it</source>
      <translation>dort, wo diese Seite es installiert</translation>
    </message>
    <message>
      <source>among the programs of this computer</source>
      <translation>unter den Programmen dieses Rechners</translation>
    </message>
    <message>
      <source>in the virtual environment QGIS was started from</source>
      <translation>in der virtuellen Umgebung, aus der QGIS gestartet wurde</translation>
    </message>
    <message>
      <source>Choose the roofgeo command</source>
      <translation>Befehl roofgeo wählen</translation>
    </message>
    <message>
      <source>found by itself</source>
      <translation>wird von selbst gefunden</translation>
    </message>
    <message>
      <source>Test</source>
      <translation>Testen</translation>
    </message>
    <message>
      <source>Status</source>
      <translation>Status</translation>
    </message>
    <message>
      <source>Path of the command</source>
      <translation>Pfad des Befehls</translation>
    </message>
    <message>
      <source>Diagnose</source>
      <translation>Diagnose</translation>
    </message>
    <message>
      <source>roofgeo was found {where}: {command}</source>
      <translation>roofgeo gefunden {where}: {command}</translation>
    </message>
    <message>
      <source>Asking …</source>
      <translation>Anfrage läuft …</translation>
    </message>
    <message>
      <source>Testing roofgeo</source>
      <translation>roofgeo testen</translation>
    </message>
    <message>
      <source>Making a report of roofgeo</source>
      <translation>Bericht über roofgeo erstellen</translation>
    </message>
    <message>
      <source>Report (it is in the clipboard: paste it where you report the problem)</source>
      <translation>Bericht (ist in der Zwischenablage: dort einfügen, wo Sie das Problem melden)</translation>
    </message>
    <message>
      <source>Models</source>
      <translation>Modelle</translation>
    </message>
    <message>
      <source>Runs on</source>
      <translation>Läuft auf</translation>
    </message>
    <message>
      <source>There is no program at this path. Empty the field to have roofgeo looked for.</source>
      <translation>Unter diesem Pfad ist kein Programm. Das Feld leeren, damit roofgeo gesucht wird.</translation>
    </message>
    <message>
      <source>roofgeo is not installed yet: press Install below.</source>
      <translation>roofgeo ist noch nicht installiert: unten „Installieren“ drücken.</translation>
    </message>
    <message>
      <source>roofgeo {version} works.</source>
      <translation>roofgeo {version} funktioniert.</translation>
    </message>
    <message>
      <source>in {place}</source>
      <translation>in {place}</translation>
    </message>
    <message>
      <source>This result lies in a temporary file: it goes when QGIS is closed, and what you decide goes with it. To keep it, right-click its layers and choose “Make Permanent…”, or find roofs again into a file.</source>
      <translation>Dieses Ergebnis liegt in einer temporären Datei: Es verschwindet, wenn QGIS geschlossen wird, und Ihre Entscheidungen mit ihm. Um es zu behalten, die Layer rechts anklicken und „Permanent machen …“ wählen oder die Dächer noch einmal in eine Datei suchen lassen.</translation>
    </message>
    <message>
      <source>Roofs</source>
      <translation>Dächer</translation>
    </message>
    <message>
      <source>Export labels…</source>
      <translation>Labels exportieren…</translation>
    </message>
    <message>
      <source>Save the accepted segments as training labels</source>
      <translation>Die angenommenen Dachflächen als Labels für das Training speichern</translation>
    </message>
    <message>
      <source>Shows segments with at least this confidence, and their lines and buildings</source>
      <translation>Zeigt Dachflächen mit mindestens dieser Sicherheit und ihre Dachlinien und Gebäude</translation>
    </message>
    <message>
      <source>No roof segments in the project</source>
      <translation>Keine Dachflächen im Projekt</translation>
    </message>
    <message>
      <source>End the review</source>
      <translation>Prüfung beenden</translation>
    </message>
    <message>
      <source>Review the least certain</source>
      <translation>Die unsichersten prüfen</translation>
    </message>
    <message>
      <source>Result</source>
      <translation>Ergebnis</translation>
    </message>
    <message>
      <source>Confidence from</source>
      <translation>Sicherheit ab</translation>
    </message>
    <message>
      <source>{percent} %</source>
      <translation>{percent} %</translation>
    </message>
    <message>
      <source>{shown} of {total} segments</source>
      <translation>{shown} von {total} Dachflächen</translation>
    </message>
    <message>
      <source>Model (name or folder; empty: the usual one)</source>
      <translation>Modell (Name oder Ordner; leer: Standardmodell)</translation>
    </message>
    <message>
      <source>Side of a window in pixels (a multiple of 32; empty: as the model says)</source>
      <translation>Seitenlänge einer Kachel in Pixeln (Vielfaches von 32; leer: laut Modell)</translation>
    </message>
    <message>
      <source>Overlap of windows in pixels (a multiple of 32; empty: as the model says)</source>
      <translation>Überlappung der Kacheln in Pixeln (Vielfaches von 32; leer: laut Modell)</translation>
    </message>
    <message>
      <source>Write the layers also as</source>
      <translation>Layer auch schreiben als</translation>
    </message>
    <message>
      <source>Area: polygons</source>
      <translation>Gebiet: Polygone</translation>
    </message>
    <message>
      <source>… or rectangle</source>
      <translation>… oder Rechteck</translation>
    </message>
    <message>
      <source>Minimum confidence of a building (0 to 1)</source>
      <translation>Mindestsicherheit eines Gebäudes (0 bis 1)</translation>
    </message>
    <message>
      <source>Roofs (GeoPackage)</source>
      <translation>Dächer (GeoPackage)</translation>
    </message>
    <message>
      <source>Raster of roof segments</source>
      <translation>Raster der Dachflächen</translation>
    </message>
    <message>
      <source>Raster of roof lines</source>
      <translation>Raster der Dachlinien</translation>
    </message>
    <message>
      <source>Raster of confidence</source>
      <translation>Raster der Sicherheit</translation>
    </message>
    <message>
      <source>… or folder of tiles</source>
      <translation>… oder Ordner mit Bildkacheln</translation>
    </message>
    <message>
      <source>The log has all that pip said.</source>
      <translation>Im Protokoll steht die ganze Ausgabe von pip.</translation>
    </message>
    <message>
      <source>Is this computer online, and the proxy set? The log has all that pip said.</source>
      <translation>Ist dieser Rechner online und der Proxy gesetzt? Im Protokoll steht die ganze Ausgabe von pip.</translation>
    </message>
    <message>
      <source>Give another index, a wheel file or an address in the settings.</source>
      <translation>In den Einstellungen einen anderen Index, eine Wheel-Datei oder eine Adresse angeben.</translation>
    </message>
    <message>
      <source>Install Python 3.12 and try again.</source>
      <translation>Python 3.12 installieren und erneut versuchen.</translation>
    </message>
    <message>
      <source>git is needed to install from this address</source>
      <translation>git wird benötigt, um von dieser Adresse zu installieren</translation>
    </message>
    <message>
      <source>Install git and try again.</source>
      <translation>git installieren und erneut versuchen.</translation>
    </message>
    <message>
      <source>pip could not install {package}: {reason}</source>
      <translation>pip konnte {package} nicht installieren: {reason}</translation>
    </message>
    <message>
      <source>Fetching {package}</source>
      <translation>{package} wird geholt</translation>
    </message>
    <message>
      <source>Installing {count} packages</source>
      <translation>{count} Pakete werden installiert</translation>
    </message>
    <message>
      <source>the package index cannot be reached: {reason}</source>
      <translation>Der Paketindex ist nicht erreichbar: {reason}</translation>
    </message>
    <message>
      <source>{index} does not have {package}</source>
      <translation>{index} enthält {package} nicht</translation>
    </message>
    <message>
      <source>there is no {package} for this Python on this system</source>
      <translation>Für dieses Python auf diesem System gibt es kein {package}</translation>
    </message>
    <message>
      <source>the package index</source>
      <translation>Der Paketindex</translation>
    </message>
    <message>
      <source>Find roofs…</source>
      <translation>Dächer finden…</translation>
    </message>
    <message>
      <source>Find roofs on an orthophoto</source>
      <translation>Dächer auf einem Orthofoto finden</translation>
    </message>
    <message>
      <source>Review roofs</source>
      <translation>Dächer prüfen</translation>
    </message>
    <message>
      <source>Help</source>
      <translation>Hilfe</translation>
    </message>
    <message>
      <source>{own} m per pixel (works at {working} m)</source>
      <translation>{own} m pro Pixel (arbeitet mit {working} m)</translation>
    </message>
    <message>
      <source>It needs about {size} of memory, and {free} are free: the computer may become very slow.</source>
      <translation>Etwa {size} Arbeitsspeicher sind nötig, {free} sind frei: Der Rechner kann sehr langsam werden.</translation>
    </message>
    <message>
      <source>It needs about {size} on the disk, and {free} are free: it may not come to its end.</source>
      <translation>Etwa {size} auf der Festplatte sind nötig, {free} sind frei: Der Lauf kommt vielleicht nicht zum Ende.</translation>
    </message>
    <message>
      <source>{hours} h {minutes} min</source>
      <translation>{hours} h {minutes} min</translation>
    </message>
    <message>
      <source>{number} GB</source>
      <translation>{number} GB</translation>
    </message>
    <message>
      <source>1 tile</source>
      <translation>1 Kachel</translation>
    </message>
    <message>
      <source>{width} × {height} km</source>
      <translation>{width} × {height} km</translation>
    </message>
    <message>
      <source>{seconds} s</source>
      <translation>{seconds} s</translation>
    </message>
    <message>
      <source>{minutes} min</source>
      <translation>{minutes} min</translation>
    </message>
    <message>
      <source>{hours} h</source>
      <translation>{hours} h</translation>
    </message>
    <message>
      <source>{number} MB</source>
      <translation>{number} MB</translation>
    </message>
    <message>
      <source>1 band</source>
      <translation>1 Kanal</translation>
    </message>
    <message>
      <source>CRS without a number</source>
      <translation>KBS ohne Nummer</translation>
    </message>
    <message>
      <source>{width} × {height} pixels</source>
      <translation>{width} × {height} Pixel</translation>
    </message>
    <message>
      <source>{width} × {height} m</source>
      <translation>{width} × {height} m</translation>
    </message>
    <message>
      <source>Go on?</source>
      <translation>Fortfahren?</translation>
    </message>
    <message>
      <source>{number} tiles</source>
      <translation>{number} Kacheln</translation>
    </message>
    <message>
      <source>about {duration}</source>
      <translation>etwa {duration}</translation>
    </message>
    <message>
      <source>{size} of memory</source>
      <translation>{size} Arbeitsspeicher</translation>
    </message>
    <message>
      <source>{size} of disk ({free} free)</source>
      <translation>{size} Festplatte ({free} frei)</translation>
    </message>
    <message>
      <source>This takes about {duration}.</source>
      <translation>Das dauert etwa {duration}.</translation>
    </message>
    <message>
      <source>{size} m per pixel</source>
      <translation>{size} m pro Pixel</translation>
    </message>
    <message>
      <source>{bands} bands</source>
      <translation>{bands} Kanäle</translation>
    </message>
    <message>
      <source>The file may be missing, no program, or its Python may be gone: install roofgeo again.</source>
      <translation>Vielleicht fehlt die Datei, ist kein Programm, oder ihr Python ist weg: roofgeo neu installieren.</translation>
    </message>
    <message>
      <source>{command} cannot be started: {reason}</source>
      <translation>{command} kann nicht gestartet werden: {reason}</translation>
    </message>
    <message>
      <source>Install one and its venv module (on Debian and Ubuntu: sudo apt install python3 python3-venv).</source>
      <translation>Eines mit seinem Modul venv installieren (unter Debian und Ubuntu: sudo apt install python3 python3-venv).</translation>
    </message>
    <message>
      <source>Install Python 3.12 (64-bit) from python.org, not from the Microsoft Store, and try again.</source>
      <translation>Python 3.12 (64 Bit) von python.org installieren, nicht aus dem Microsoft Store, und erneut versuchen.</translation>
    </message>
    <message>
      <source>Install Python 3.12 from python.org, or with: brew install python@3.12</source>
      <translation>Python 3.12 von python.org installieren, oder mit: brew install python@3.12</translation>
    </message>
    <message>
      <source>no Python of {oldest} or newer was found</source>
      <translation>Kein Python ab {oldest} gefunden</translation>
    </message>
    <message>
      <source>{python} cannot make environments: ensurepip is missing</source>
      <translation>{python} kann keine Umgebungen erstellen: ensurepip fehlt</translation>
    </message>
    <message>
      <source>Install {package} (on Debian and Ubuntu: sudo apt install {package}) and try again.</source>
      <translation>{package} installieren (unter Debian und Ubuntu: sudo apt install {package}) und erneut versuchen.</translation>
    </message>
    <message>
      <source>{python} is no Python that can be started</source>
      <translation>{python} ist kein Python, das sich starten lässt</translation>
    </message>
    <message>
      <source>{python} belongs to QGIS</source>
      <translation>{python} gehört zu QGIS</translation>
    </message>
    <message>
      <source>Draw on the map</source>
      <translation>Auf der Karte zeichnen</translation>
    </message>
    <message>
      <source>nothing drawn yet</source>
      <translation>noch nichts gezeichnet</translation>
    </message>
    <message>
      <source>{number} reviewed segments in {file} are lost.</source>
      <translation>{number} geprüfte Dachflächen in {file} gehen verloren.</translation>
    </message>
    <message>
      <source>{file} exists already. Replace it?</source>
      <translation>{file} ist bereits vorhanden. Ersetzen?</translation>
    </message>
    <message>
      <source>{files} exist already. Replace them?</source>
      <translation>{files} sind bereits vorhanden. Ersetzen?</translation>
    </message>
    <message>
      <source>1 reviewed segment in {file} is lost.</source>
      <translation>1 geprüfte Dachfläche in {file} geht verloren.</translation>
    </message>
    <message>
      <source>The orthophoto cannot be read. Does the file still exist?</source>
      <translation>Das Orthofoto kann nicht gelesen werden. Gibt es die Datei noch?</translation>
    </message>
    <message>
      <source>Saving the layer's picture of the area</source>
      <translation>Das Bild des Layers vom Gebiet wird gespeichert</translation>
    </message>
    <message>
      <source>The area cannot be read. Does the file still exist?</source>
      <translation>Das Gebiet kann nicht gelesen werden. Gibt es die Datei noch?</translation>
    </message>
    <message>
      <source>Roof segments (raster)</source>
      <translation>Dachflächen (Raster)</translation>
    </message>
    <message>
      <source>Roof lines (raster)</source>
      <translation>Dachlinien (Raster)</translation>
    </message>
    <message>
      <source>Confidence (raster)</source>
      <translation>Sicherheit (Raster)</translation>
    </message>
    <message>
      <source>Roof lines</source>
      <translation>Dachlinien</translation>
    </message>
    <message>
      <source>Roof segments</source>
      <translation>Dachflächen</translation>
    </message>
    <message>
      <source>Buildings</source>
      <translation>Gebäude</translation>
    </message>
    <message>
      <source>Accept roof segment</source>
      <translation>Dachfläche annehmen</translation>
    </message>
    <message>
      <source>Reject roof segment</source>
      <translation>Dachfläche ablehnen</translation>
    </message>
    <message>
      <source>Change azimuth of roof segment</source>
      <translation>Azimut der Dachfläche ändern</translation>
    </message>
    <message>
      <source>Undo review of roof segment</source>
      <translation>Prüfung der Dachfläche rückgängig machen</translation>
    </message>
    <message>
      <source>Review</source>
      <translation>Prüfung</translation>
    </message>
    <message>
      <source>Direction the segment slopes down to, clockwise from true north</source>
      <translation>Richtung, in die die Dachfläche abfällt, im Uhrzeigersinn ab geografisch Nord</translation>
    </message>
    <message>
      <source>flat</source>
      <translation>flach</translation>
    </message>
    <message>
      <source>Set on map</source>
      <translation>Auf Karte setzen</translation>
    </message>
    <message>
      <source>Drag or click twice on the map: from ridge to eave</source>
      <translation>Auf der Karte ziehen oder zweimal klicken: vom First zur Traufe</translation>
    </message>
    <message>
      <source>Accept (A)</source>
      <translation>Annehmen (A)</translation>
    </message>
    <message>
      <source>The segment is right, with the azimuth as it is here</source>
      <translation>Die Dachfläche stimmt, mit dem Azimut, wie er hier steht</translation>
    </message>
    <message>
      <source>Reject (R)</source>
      <translation>Ablehnen (R)</translation>
    </message>
    <message>
      <source>The segment is wrong</source>
      <translation>Die Dachfläche ist falsch</translation>
    </message>
    <message>
      <source>Back (⌫)</source>
      <translation>Zurück (⌫)</translation>
    </message>
    <message>
      <source>To the segment before</source>
      <translation>Zur vorigen Dachfläche</translation>
    </message>
    <message>
      <source>Skip (N)</source>
      <translation>Überspringen (N)</translation>
    </message>
    <message>
      <source>Decide later, go on to the next (also the space bar)</source>
      <translation>Später entscheiden, weiter zur nächsten (auch Leertaste)</translation>
    </message>
    <message>
      <source>Undo (U)</source>
      <translation>Rückgängig (U)</translation>
    </message>
    <message>
      <source>Take back the last decision</source>
      <translation>Die letzte Entscheidung zurücknehmen</translation>
    </message>
    <message>
      <source>Confidence</source>
      <translation>Sicherheit</translation>
    </message>
    <message>
      <source>Footprint</source>
      <translation>Grundfläche</translation>
    </message>
    <message>
      <source>Orientation</source>
      <translation>Ausrichtung</translation>
    </message>
    <message>
      <source>Azimuth</source>
      <translation>Azimut</translation>
    </message>
    <message>
      <source>Planning to find roofs</source>
      <translation>Suche nach Dächern planen</translation>
    </message>
    <message>
      <source>The algorithm is missing from the Processing toolbox: restart QGIS.</source>
      <translation>Der Algorithmus fehlt in der Werkzeugkiste der Verarbeitung: QGIS neu starten.</translation>
    </message>
    <message>
      <source>Finding roofs failed without a word.</source>
      <translation>Die Suche nach Dächern ist ohne Meldung fehlgeschlagen.</translation>
    </message>
    <message>
      <source>accepted</source>
      <translation>angenommen</translation>
    </message>
    <message>
      <source>rejected</source>
      <translation>abgelehnt</translation>
    </message>
    <message>
      <source>Segment {segment} of building {building}</source>
      <translation>Dachfläche {segment} von Gebäude {building}</translation>
    </message>
    <message>
      <source>{area} m²</source>
      <translation>{area} m²</translation>
    </message>
    <message>
      <source>not decided</source>
      <translation>nicht entschieden</translation>
    </message>
    <message>
      <source>{accepted} accepted, {rejected} rejected</source>
      <translation>{accepted} angenommen, {rejected} abgelehnt</translation>
    </message>
    <message>
      <source>no segment is shown</source>
      <translation>keine Dachfläche angezeigt</translation>
    </message>
    <message>
      <source>{number} of {total}</source>
      <translation>{number} von {total}</translation>
    </message>
    <message>
      <source>all {total} are decided</source>
      <translation>alle {total} entschieden</translation>
    </message>
    <message>
      <source>Log of roofgeo</source>
      <translation>Protokoll von roofgeo</translation>
    </message>
    <message>
      <source>Copy</source>
      <translation>Kopieren</translation>
    </message>
    <message>
      <source>{path} cannot be read: {reason}</source>
      <translation>{path} kann nicht gelesen werden: {reason}</translation>
    </message>
  </context>
</TS>
